"""A Valkey of the drill's own: killed, started again, with or without what it wrote last."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.exceptions import RedisError

from tasks.broker.embedded import embedded
from tests.patience import until


class Broker:
    """The broker of a drill, on the port and with the password of its home.

    `env` is added to its environment.
    """

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self._folder = folder / "broker"
        self._env = {**os.environ, **(env or {})}
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
        self._process = subprocess.Popen(
            self._broker.command, env=self._env, stdout=subprocess.DEVNULL
        )
        until(self._answers)

    def restart(self, *, lose_last_second: bool = False) -> None:
        """Kill the server and start it again.

        A killed process loses nothing that it has written. With `lose_last_second` its file ends
        where it was flushed last, as after a power failure: that happens once a second.
        """
        assert self._process is not None
        flushed = self._flushed() if lose_last_second else {}
        if lose_last_second:
            time.sleep(0.8)  # the next flush comes after a second
        self._process.kill()
        self._process.wait()
        for path, size in flushed.items():
            os.truncate(path, size)
        self.start()

    def _flushed(self) -> dict[Path, int]:
        """Wait for a flush, and return how long the files were then."""
        with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.incr("drill:flushed")
            pipeline.waitaof(1, 0, 0)
            pipeline.execute()
        return {path: path.stat().st_size for path in self._written()}

    def refuse_writes(self) -> None:
        """Let the server fail to save: it then answers every write, and PING, with MISCONF."""
        (self._folder / "dump.rdb").mkdir()
        self.redis.config_set("save", "3600 1")
        self.redis.bgsave()
        until(lambda: self._saved == "err")

    def take_writes(self) -> None:
        """End that."""
        (self._folder / "dump.rdb").rmdir()
        self.redis.bgsave()
        until(lambda: self._saved == "ok")

    @property
    def _saved(self) -> str:
        return str(cast(Any, self.redis.info("persistence"))["rdb_last_bgsave_status"])

    def stop(self) -> None:
        """Stop the server."""
        assert self._process is not None
        self.redis.config_set("save", "")  # a server that cannot save does not stop
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
