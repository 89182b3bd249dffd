"""`swallow up`: everything on one machine, supervised: broker, workers, bot, local workspace.

Starts the processes (here called parts) in order, starts again what dies, and on Ctrl-C stops them
so that nothing is lost: the workers first, whose answers finish or go back to the queue, then the
bot, which still posts those answers, and the broker last.
"""

import asyncio
import secrets
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tasks.broker.embedded import embedded
from tasks.errors import AlreadyRunning, SettingInvalid
from tasks.settings import Settings
from tasks.supervisor import up_file
from tasks.supervisor.console import say
from tasks.supervisor.managed_process import ManagedProcess
from trainer.file_lock import LockTaken, locked
from trainer.files import make_private, write_text

DEMO = "Which of these is a rapper? Eminem, Michael Jackson, Rihanna, 50 Cent"

WRITE_AGAIN_SECONDS = 10.0
"""After a disk was full, what the file says of the processes may be old."""


class Up:
    """The supervisor of one home."""

    def __init__(self, settings: Settings, *, port: int, agent: bool = False) -> None:
        self.settings = settings
        self.port = port
        self.agent = agent
        self.local = not settings.uses_slack
        self._secret = secrets.token_hex(16)
        # Part of the names of what it starts. The same when a part is started again, which so finds
        # the leases and claims that it held.
        self._run = secrets.token_hex(4)
        self.parts: list[ManagedProcess] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None
        self._signals = 0
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        """Start everything and run until a signal asks to stop.

        Raises:
            AlreadyRunning: another `swallow up` runs on this home.
            SettingInvalid: the home cannot be used, or the port of the local workspace is taken.
        """
        home = self.settings.home
        with _home_locked(home):
            if self.local and not _is_free(self.port):
                raise SettingInvalid(f"Port {self.port} is taken; choose another with --port.")
            self._on_signals()
            try:
                await self._start()
                await self._stopped.wait()
                if self._failure:
                    raise self._failure
            finally:
                await self._stop()
                up_file.remove(home)

    async def _start(self) -> None:
        say("up", f"home {self.settings.home}")
        env = {
            "SWALLOW_HOME": str(self.settings.home),
            "SWALLOW_SUPERVISED": "1",
            "SWALLOW_LOG": self.settings.log,
            "PYTHONUNBUFFERED": "1",
            "TQDM_DISABLE": "1",  # a log cannot show the progress bars of libraries
        }
        if not self.settings.redis_url:
            await self._start_broker()
        python = [sys.executable, "-m"]
        if self.local:
            await self._start_workspace([*python, "bot.workspace"], env)
        else:
            say("up", "connecting to Slack")
        for name, queue in (("worker", "answers"), ("planner", "plans"), ("trainer", "training")):
            arguments = ["worker", "--queues", queue, "--run", self._run]
            self._add(ManagedProcess(name, [*python, "tasks.cli", *arguments], env))
        bot_env = env | (_local_slack(self.port, self._secret) if self.local else {})
        name = f"bot@{socket.gethostname()}.{self._run}"
        self._add(ManagedProcess("bot", [*python, "bot", "--name", name], bot_env))

    async def _start_broker(self) -> None:
        broker = embedded(self.settings.home)
        self._add(ManagedProcess("broker", broker.command))
        redis = Redis.from_url(broker.url, socket_timeout=2)
        for _ in range(100):
            with suppress(RedisError):
                await asyncio.to_thread(redis.ping)
                break
            await asyncio.sleep(0.1)

    async def _start_workspace(self, command: list[str], env: dict[str, str]) -> None:
        home = self.settings.home
        # One secret as long as this runs: the bot and open pages outlive a workspace that died.
        secret = home / "workspace.secret"
        write_text(secret, self._secret, mode=0o600, durable=False)
        files = ["--state", str(home / "workspace.sqlite"), "--secret", str(secret)]
        arguments = ["--port", str(self.port), *files, "--demo", DEMO]
        if self.agent:
            arguments.append("--agent")
        if self.settings.http:
            arguments += ["--request-url", _request_url(*self.settings.http)]
        self._add(ManagedProcess("workspace", [*command, *arguments], env))
        # Wait until it listens: a bot that starts earlier fails and is started again.
        for _ in range(200):
            if self._stopped.is_set() or not _is_free(self.port):
                return
            await asyncio.sleep(0.05)

    def _add(self, part: ManagedProcess) -> None:
        self.parts.append(part)
        task = asyncio.create_task(part.keep_running(say, self._write))
        task.add_done_callback(self._on_end)
        self._tasks.append(task)

    def _on_end(self, task: asyncio.Task[None]) -> None:
        """Stop when the supervision of a part has failed: nobody would start it again."""
        if not task.cancelled() and (error := task.exception()):
            self._failure = error
            self._stopped.set()

    def _write(self) -> None:
        """Tell `swallow status` which processes run."""
        workspace = f"http://127.0.0.1:{self.port}" if self.local else None
        pids = {part.name: part.pid for part in self.parts}
        ends = {part.name: part.last_end for part in self.parts if part.last_end}
        try:
            up_file.write(self.settings.home, workspace=workspace, parts=pids, ends=ends)
        except OSError as error:  # the parts must run on, even if the disk is full
            say("up", f"{up_file.path_of(self.settings.home)} cannot be written: {error.strerror}")
            if not self._stopped.is_set():
                asyncio.get_running_loop().call_later(WRITE_AGAIN_SECONDS, self._write)

    async def _stop(self) -> None:
        say("up", "stopping; press Ctrl-C again to stop at once")
        for part in self.parts:
            part.stopping = True
        await self._stop_parts(
            "worker", "planner", "trainer", seconds=self.settings.drain_seconds + 10
        )
        await self._stop_parts("bot", seconds=8)
        await self._stop_parts("workspace", seconds=5)
        await self._stop_parts("broker", seconds=10)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        say("up", "stopped")

    async def _stop_parts(self, *names: str, seconds: float) -> None:
        parts = [part for part in self.parts if part.name in names]
        await asyncio.gather(*(part.stop(seconds) for part in parts))

    def _on_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)

    def _on_signal(self) -> None:
        self._signals += 1
        self._stopped.set()
        if self._signals > 1:
            for part in self.parts:
                if part.name != "broker":
                    part.kill()


def _local_slack(port: int, secret: str) -> dict[str, str]:
    """Return the variables that connect the bot to the local workspace, which limits no edits."""
    return {
        "SLACK_API_URL": f"http://127.0.0.1:{port}/api/",
        "SLACK_BOT_TOKEN": f"xoxb-local-{secret}",
        "SLACK_APP_TOKEN": f"xapp-local-{secret}",
        "SLACK_SIGNING_SECRET": f"local-{secret}",
        "SWALLOW_EDIT_SECONDS": "0.1",
        "SWALLOW_PROGRESS_SECONDS": "2",
    }


def _request_url(address: str, port: int) -> str:
    """Return where the bot takes requests, as seen from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/slack/events"


@contextmanager
def _home_locked(home: Path) -> Iterator[None]:
    """Hold the lock of `home` for the length of the block: one `swallow up` per home.

    Raises:
        AlreadyRunning: another process holds it.
        SettingInvalid: it cannot be created or locked.
    """
    with ExitStack() as stack:
        try:
            make_private(home)
            stack.enter_context(locked(home / "up.lock", patience=0, mode=0o666))
        except LockTaken as error:
            raise AlreadyRunning(
                f"`swallow up` is running already in {home}; "
                "stop it first, or choose another home with --home."
            ) from error
        except OSError as error:
            raise SettingInvalid(
                f"{home} cannot be the home: {error.strerror}; "
                "choose a folder on a disk of this machine with --home."
            ) from error
        yield


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
