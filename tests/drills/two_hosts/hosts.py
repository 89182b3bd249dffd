"""A system on two hosts: bot, plans and trainings on host A, the worker that answers on host B.

Each host has a home of its own. The parts are started as an operator starts them, without
`swallow up`: that would answer on host A too.
"""

import signal
import socket
import subprocess
import sys
from pathlib import Path

from tests.drills.two_hosts.network import Network
from tests.patience import SECONDS, until
from tests.system.workspace import ONE_THREAD, System

PARTS = {
    "workspace": ("bot.workspace", "--port"),
    "plans": ("tasks.cli", "worker", "--queues", "plans"),
    "training": ("tasks.cli", "worker", "--queues", "training"),
    "answers": ("tasks.cli", "worker"),
    "bot": ("tasks.cli", "bot"),
}
"""Each part's module and arguments, in the order of their start; `answers` runs on host B."""


class TwoHosts(System):
    """What a test sees of them: host A's home and workspace, and the log of all parts."""

    def __init__(
        self, folder: Path, network: Network, engine: str, cache: Path | None, **settings: str
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        settings |= ONE_THREAD | {"SWALLOW_ENGINE": engine, "SWALLOW_MAX_NEW_TOKENS": "60"}
        super().__init__(folder / "home-a", port, TQDM_DISABLE="1", **settings)
        self._home_b = folder / "home-b"
        self._network = network
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._secret = self.home / "workspace.secret"
        for home in (self.home, self._home_b):
            home.mkdir(exist_ok=True, mode=0o700)
            if cache is not None:
                (home / "cache").symlink_to(cache)
        self._secret.write_text("of-this-drill", "utf-8")

    def start(self) -> None:
        """Start every part, and wait until the workers are ready and the bot is connected."""
        for part in PARTS:
            command, env = self.command_of(part)
            with self.log.open("ab") as log:
                self._processes[part] = subprocess.Popen(command, env=env, stdout=log, stderr=log)
            if part == "workspace":  # without it the bot ends
                until(lambda: "Local workspace" in self.log_text())
        until(self.ready, self.log_text)

    def ready(self) -> bool:
        """Tell whether the workers are ready and the bot is connected; no part may have ended."""
        ended = [part for part, process in self._processes.items() if process.poll() is not None]
        assert not ended, (ended, self.log_text())
        states = [worker.state for worker in self.workers()]
        return states == ["ready"] * 3 and "connected to" in self.log_text()

    def command_of(self, part: str) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the command that starts a part, with its environment."""
        python = (sys.executable, "-m", *PARTS[part])
        if part == "workspace":
            return (*python, str(self.port), "--secret", str(self._secret)), self.env
        if part == "answers":
            return self._network.on_b(*python), self.env | {"SWALLOW_HOME": str(self._home_b)}
        return python, self.env | self._slack

    @property
    def _slack(self) -> dict[str, str]:
        return {
            "SLACK_API_URL": f"{self.workspace.url}/api/",
            "SLACK_BOT_TOKEN": f"xoxb-local-{self.workspace.secret}",
            "SLACK_APP_TOKEN": f"xapp-local-{self.workspace.secret}",
            "SWALLOW_EDIT_SECONDS": "0.1",
        }

    def stop(self) -> int:
        """Stop every part as its service manager does; returns the highest exit code."""
        for process in reversed(self._processes.values()):
            process.send_signal(signal.SIGTERM)
        return max(process.wait(timeout=SECONDS) for process in self._processes.values())
