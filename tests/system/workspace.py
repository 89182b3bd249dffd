"""What system tests drive: people at the local workspace, and a whole `swallow up`."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tasks.broker.connection import AWAY, jobs_of
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tasks.errors import BrokerAway
from tasks.settings import Settings
from tests.patience import SECONDS, until

ONE_THREAD = {"SWALLOW_THREADS": "1"}
"""For a test: other systems run at the same time."""

SWALLOW = (sys.executable, "-P", "-m", "tasks.cli")
"""The command as it is installed, which does not look for modules in the working directory."""

OVER_HTTP = bool(os.environ.get("OVER_HTTP"))
"""Whether every system's bot is to be reached over HTTP instead of Socket Mode."""

ENDED = ("finished", "failed", "cancelled")


class Workspace:
    """The local workspace of a running system, seen from outside."""

    def __init__(self, port: int, home: Path) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._secret_file = home / "workspace.secret"

    @property
    def secret(self) -> str:
        """What all tokens end in, until the system is started again."""
        return self._secret_file.read_text("utf-8")

    @property
    def page(self) -> str:
        """The address that lets a browser in, which `swallow up` prints."""
        return f"{self.url}/?secret={self.secret}"

    def bearer(self, user: str = "") -> dict[str, str]:
        """Return the header with the token of a person, or of the bot."""
        kind = f"xoxp-local-{user}" if user else "xoxb-local"
        return {"Authorization": f"Bearer {kind}-{self.secret}"}

    def api(self, method: str, *, by: str = "", **arguments: Any) -> dict[str, Any]:
        """Call a Web API method, which must succeed, as a person or as the bot."""
        request = Request(
            f"{self.url}/api/{method}",
            data=urlencode(arguments).encode(),
            headers=self.bearer(by),
        )
        with urlopen(request, timeout=SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
        assert answer["ok"], answer
        return answer

    def local(self, path: str, **body: Any) -> dict[str, Any]:
        """Post JSON to a `/local/` route as the person it names, or as the admin."""
        request = Request(
            f"{self.url}/local/{path}",
            data=json.dumps(body).encode(),
            headers=self.bearer(body.get("user", "UADMIN")) | {"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def say(self, text: str, *, user: str = "UALICE", channel: str = "", thread: str = "") -> str:
        """Post a message as a person; returns its ts."""
        arguments = {"channel": channel or self.channel("general"), "text": text}
        if thread:
            arguments["thread_ts"] = thread
        return str(self.api("chat.postMessage", by=user, **arguments)["ts"])

    def channel(self, name: str) -> str:
        """Return a channel's id."""
        channels = self.api("conversations.list")["channels"]
        return next(str(c["id"]) for c in channels if c["name"] == name)

    def direct(self, user: str) -> str:
        """Return the channel of a person's direct messages with the bot."""
        opened = self.api("conversations.open", by=user, users="UBOT")
        return str(opened["channel"]["id"])

    def bot_messages(self, ts: str, *, channel: str = "") -> list[dict[str, Any]]:
        """Return the bot's messages in a thread."""
        replies = self.api(
            "conversations.replies",
            channel=channel or self.channel("general"),
            ts=ts,
            limit=200,
            include_all_metadata="true",
        )
        return [message for message in replies["messages"] if message["user"] == "UBOT"]

    def answers(self, ts: str, *, channel: str = "", count: int = 1) -> list[dict[str, Any]]:
        """Wait for `count` final messages in a thread and return them."""
        found: list[dict[str, Any]] = []

        def all_there() -> bool:
            found[:] = [m for m in self.bot_messages(ts, channel=channel) if state_of(m) in ENDED]
            return len(found) >= count

        until(all_there, lambda: f"no final answer; {self.bot_messages(ts)}")
        return found

    def answer(self, ts: str, *, channel: str = "") -> str:
        """Wait for the one final message in a thread and return its text."""
        return str(self.answers(ts, channel=channel)[0]["text"])

    def history(self, channel: str) -> list[dict[str, Any]]:
        """Return a channel's messages outside threads, the newest first."""
        found = self.api(
            "conversations.history", channel=channel, limit=100, include_all_metadata="true"
        )
        return list(found["messages"])

    def command(self, text: str, *, user: str = "UADMIN", channel: str = "") -> None:
        """Run a slash command as a person."""
        name, _, rest = text.partition(" ")
        self.local(
            "command",
            channel=channel or self.channel("general"),
            user=user,
            command=name,
            text=rest,
        )

    def ephemeral(self, user: str, *, channel: str = "") -> list[str]:
        """Return the messages in a channel that only `user` sees, oldest first."""
        query = urlencode({"channel": channel or self.channel("general")})
        address = f"{self.url}/local/ephemeral?{query}"
        with urlopen(Request(address, headers=self.bearer(user)), timeout=SECONDS) as response:
            answer = json.load(response)
        return [str(message["text"]) for message in answer["messages"]]

    def buttons(self, channel: str) -> dict[str, tuple[str, dict[str, Any]]]:
        """Return the buttons in a channel by their label, each with its message's ts."""
        return {
            str(element["text"]["text"]): (str(message["ts"]), element)
            for message in reversed(self.history(channel))
            for block in message.get("blocks", [])
            if block["type"] == "actions"
            for element in block["elements"]
        }

    def press(self, label: str, *, user: str = "UADMIN", channel: str = "") -> None:
        """Press the newest button of that label as a person."""
        channel = channel or self.channel("general")
        until(lambda: label in self.buttons(channel), lambda: f"no button {label!r}")
        ts, button = self.buttons(channel)[label]
        self.local(
            "action",
            channel=channel,
            ts=ts,
            user=user,
            action_id=button["action_id"],
            value=button["value"],
        )

    def wait_for_text(self, ts: str) -> None:
        """Wait until the bot has posted the beginning of an answer."""
        until(lambda: bool(self.bot_messages(ts)), lambda: "no text")


def state_of(message: dict[str, Any]) -> str:
    """Return the job's state, which the bot stores in the metadata of its messages."""
    payload = message.get("metadata", {}).get("event_payload", {})
    return str(payload.get("state", ""))


def footer_of(message: dict[str, Any]) -> str:
    """Return the text of a message's context block."""
    contexts = [block for block in message["blocks"] if block["type"] == "context"]
    return "".join(element["text"] for block in contexts for element in block["elements"])


class System:
    """A `swallow up` with a home of its own."""

    def __init__(self, home: Path, port: int, **settings: str) -> None:
        self.home = home
        self.port = port
        self.workspace = Workspace(port, home)
        self.log = home.with_suffix(".log")
        # What a developer has set stays out of it.
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SWALLOW_", "SLACK_"))}
        over_http = {"SWALLOW_HTTP": str(free_port())} if OVER_HTTP else {}
        self.env = {**kept, "SWALLOW_HOME": str(home), **over_http, **settings}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until the worker is ready and the bot is connected."""
        with self.log.open("ab") as log:
            self.launch(log.fileno())
        until(self.ready, self.log_text)
        # As the page does for whoever uses it: these tests read English.
        for user in ("UADMIN", "UALICE", "UBOB"):
            self.workspace.local("locale", user=user, locale="en-US")

    def launch(self, output: int) -> None:
        """Start with `output` as standard output and error, and wait for nothing."""
        self._process = subprocess.Popen(
            [*SWALLOW, "up", "--port", str(self.port)],
            env=self.env,
            stdout=output,
            stderr=output,
        )

    def ready(self) -> bool:
        """Tell whether the worker is ready and the bot is connected."""
        assert self._process is not None
        assert self._process.poll() is None, self.log_text()
        try:
            workers = self.workers()
        except (BrokerAway, *AWAY):
            return False
        ready = [worker for worker in workers if worker.state == "ready" and worker.engine]
        return bool(ready) and "connected to" in self.log_text()

    @cached_property
    def jobs(self) -> Jobs:
        """The records in its broker, read here: a command takes longer to start than to look."""
        return jobs_of(Settings(home=self.home, redis_url=""), patience=1)

    def workers(self) -> list[Worker]:
        """Return the workers on record."""
        return Workers(self.jobs.redis).all()

    def log_text(self) -> str:
        """Return the log so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def one_at_a_time(self) -> bool:
        """Whether the engine answers one question at a time."""
        return "transformers" in {worker.engine for worker in self.workers()}

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `swallow` on this home."""
        return subprocess.run(
            [*SWALLOW, *arguments],
            env=self.env,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """Return `swallow status --json`."""
        done = self.command("status", "--json")
        done.check_returncode()
        status: dict[str, Any] = json.loads(done.stdout)
        return status

    def kill(self, part: str) -> None:
        """Kill a part with SIGKILL, and wait until `swallow up` has started it again."""
        pid = self.pid_of(part)
        os.kill(pid, signal.SIGKILL)
        until(lambda: self.pid_of(part) not in (pid, 0), self.log_text)

    def pid_of(self, part: str) -> int:
        """Return the process id of a part, 0 between two runs; works without the broker."""
        up = json.loads((self.home / "up.json").read_text("utf-8"))
        return int(up["parts"][part] or 0)

    def stop(self) -> int:
        """Stop as Ctrl-C does; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(timeout=SECONDS)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_system(
    folder: Path, engine: str, cache: Path | None = None, /, **settings: str
) -> Iterator[System]:
    """Run a system with an empty home and the engine `engine`; it must exit with code 0.

    With `cache` it takes models that are unpacked and converted already from there.
    """
    system = System(folder / "home", free_port(), SWALLOW_ENGINE=engine, **settings)
    if cache is not None:
        system.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        (system.home / "cache").symlink_to(cache)
    system.start()
    try:
        yield system
    finally:
        code = system.stop()
    assert code == 0, system.log_text()


@contextmanager
def shared_system(
    factory: pytest.TempPathFactory, name: str, engine: str, cache: Path, /, **settings: str
) -> Iterator[System]:
    """Run the system that the tests of a folder share: starting one loads a model."""
    with running_system(factory.mktemp(name), engine, cache, **ONE_THREAD, **settings) as system:
        yield system
