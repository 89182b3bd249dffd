"""A system whose local workspace is a process of the drill's own.

The workspace stands for Slack: what breaks on the system's machine does not reach it.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from secrets import token_hex

from tests.patience import SECONDS, until
from tests.system.workspace import System, Workspace


@contextmanager
def system_beside_slack(
    folder: Path,
    engine: str,
    cache: Path | None,
    settings: Mapping[str, str],
    within: AbstractContextManager[None] | None = None,
) -> Iterator[System]:
    """Run `swallow up` with the home `folder`/home, which may exist; it must exit with code 0.

    The model is unpacked and converted in `cache`, else in a folder beside the home. The system,
    and nothing else, is started inside of `within`.
    """
    home, cache = folder / "home", cache or folder / "cache"
    for place in (home, cache):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "cache").symlink_to(cache)
    with _workspace(folder) as port:
        slack = Workspace(port, folder)
        system = System(home, port, **_settings(slack), SWALLOW_ENGINE=engine, **settings)
        system.workspace = slack
        with within or nullcontext():
            system.start()
        try:
            yield system
        finally:
            code = system.stop()
    assert code == 0, system.log_text()


def _settings(slack: Workspace) -> dict[str, str]:
    return {
        "SLACK_API_URL": f"{slack.url}/api/",
        "SLACK_BOT_TOKEN": f"xoxb-local-{slack.secret}",
        "SLACK_APP_TOKEN": f"xapp-local-{slack.secret}",
        "SWALLOW_EDIT_SECONDS": "0.1",
    }


@contextmanager
def _workspace(folder: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    secret = folder / "workspace.secret"
    secret.write_text(token_hex(16), encoding="ascii")
    files = ["--state", str(folder / "slack.sqlite"), "--secret", str(secret)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.workspace", "--port", str(port), *files],
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: _listens(port))
        yield port
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
