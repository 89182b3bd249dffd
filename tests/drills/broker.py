"""A Valkey of the drill's own: killed, started again, with or without what it wrote last."""

import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tasks.broker.embedded import embedded
from tests.system.workspace import until


class Broker:
    """The broker of a drill, on the port and with the password of its home."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "broker"
        self._broker = embedded(folder)
        self.url = self._broker.url
        self.redis = Redis.from_url(self.url, decode_responses=True)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self._process = subprocess.Popen(self._broker.command, stdout=subprocess.DEVNULL)
        until(self._answers)

    def restart(self, *, lose_last_second: bool = False) -> None:
        """Kill the server and start it again.

        A killed process loses nothing that it has written. With `lose_last_second` its file ends
        where it ended a second before, as after a power failure: the file is flushed to the disk
        once a second.
        """
        assert self._process is not None
        flushed = {path: path.stat().st_size for path in self._written()}
        if lose_last_second:
            time.sleep(1)
        self._process.kill()
        self._process.wait()
        if lose_last_second:
            for path in self._written():
                with path.open("ab") as file:
                    file.truncate(flushed.get(path, 0))
        self.start()

    def stop(self) -> None:
        """Stop the server."""
        assert self._process is not None
        self.redis.close()
        self._process.terminate()
        self._process.wait()

    def _written(self) -> list[Path]:
        return list((self._folder / "appendonlydir").glob("*.incr.aof"))

    def _answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except RedisError:
            return False
