"""Another account of the machine can neither read nor do anything in the local workspace."""

import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.conftest import missing
from tests.system.workspace import System, Workspace

NOBODY = 65534
WRONG = "0" * 32
WEBSOCKET = (
    *("-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13"),
    *("-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
)
COMMAND = {"channel": "CGENERAL", "user": "UADMIN", "command": "/swallow-adapter", "text": "off"}
PRESS = {"channel": "CGENERAL", "user": "UADMIN", "ts": "1.0", "action_id": "use", "value": "x"}

Stranger = Callable[..., str]


@pytest.fixture
def stranger() -> Stranger:
    """Run a command as another account and return what it prints."""
    if os.geteuid() != 0:
        pytest.skip("only root can run a command as another account")
    if shutil.which("curl") is None:
        missing("curl")

    def run(*command: str) -> str:
        done = subprocess.run(
            command,
            user=NOBODY,
            group=NOBODY,
            extra_groups=(),
            cwd="/",
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    return run


def bearer(token: str) -> tuple[str, str]:
    return "-H", f"Authorization: Bearer {token}"


def status_of(stranger: Stranger, *arguments: str) -> int:
    """Return the status of a request by another account."""
    # An event stream that opened would never end.
    written = stranger(
        "curl", "-s", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", *arguments
    )
    return int(written)


def test_the_secret_is_seen_by_nobody_else(
    system: System, workspace: Workspace, stranger: Stranger
) -> None:
    file = system.home / "workspace.secret"
    secret = workspace.secret
    assert re.fullmatch("[0-9a-f]{32}", secret)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stranger("cat", str(file)) == ""

    up = psutil.Process(json.loads((system.home / "up.json").read_text("utf-8"))["pid"])
    for process in (up, *up.children(recursive=True)):
        assert secret not in stranger("cat", f"/proc/{process.pid}/cmdline")
        assert stranger("cat", f"/proc/{process.pid}/environ") == ""


def test_the_secret_is_printed_in_the_address_of_the_page_and_nowhere_else(
    system: System, workspace: Workspace
) -> None:
    told = [line for line in system.log_text().splitlines() if workspace.secret in line]

    assert told
    for line in told:
        assert f"Local workspace: {workspace.page}" in line
        assert line.count(workspace.secret) == 1
    assert workspace.secret not in json.dumps(system.status())
    for path in system.home.glob("*.json*"):
        assert workspace.secret not in path.read_text("utf-8"), path


@pytest.mark.parametrize(
    "token",
    [
        "",
        "xoxb-local",
        "xapp-local",
        "xoxp-local-UADMIN",
        "xoxp-local-UADMIN-",
        f"xoxb-local-{WRONG}",
        f"xapp-local-{WRONG}",
        f"xoxp-local-UADMIN-{WRONG}",
    ],
)
def test_no_call_succeeds_without_the_secret(
    workspace: Workspace, stranger: Stranger, token: str
) -> None:
    direct = workspace.direct("UALICE")
    for method in (
        "apps.connections.open",
        f"conversations.history?channel={direct}",
        "chat.postMessage?channel=CGENERAL&text=x",
        "users.list",
    ):
        for way in (bearer(token), ("-d", f"token={token}")):
            answer = json.loads(stranger("curl", "-s", *way, f"{workspace.url}/api/{method}"))
            assert answer in (
                {"ok": False, "error": "not_authed"},
                {"ok": False, "error": "invalid_auth"},
            )
    for path in ("state", "events", "faults", f"ephemeral?channel={direct}&user=UALICE"):
        assert status_of(stranger, *bearer(token), f"{workspace.url}/local/{path}") == 403
    for path, body in (("command", COMMAND), ("action", PRESS), ("faults", {"archived": []})):
        posted = ("--json", json.dumps(body), f"{workspace.url}/local/{path}")
        assert status_of(stranger, *bearer(token), *posted) == 403


def test_a_guessed_cookie_ticket_or_response_url_opens_nothing(
    workspace: Workspace, stranger: Stranger
) -> None:
    port = workspace.url.rpartition(":")[2]
    for path in ("", "local/state", f"?secret={WRONG}"):
        way = ("-b", f"swallow-{port}={WRONG}", f"{workspace.url}/{path}")
        assert status_of(stranger, *way) == 403
    for ticket in ("", WRONG):
        address = f"{workspace.url}/link/?ticket={ticket}"
        assert status_of(stranger, *WEBSOCKET, address) == 403
    answer = ("--json", '{"text": "x"}', f"{workspace.url}/response/{WRONG}")
    assert status_of(stranger, *answer) == 404
    assert status_of(stranger, "-d", "x", f"{workspace.url}/upload/F{WRONG}") == 404


def test_a_file_is_not_given_to_another_account(
    workspace: Workspace, stranger: Stranger, tmp_path: Path
) -> None:
    announced = workspace.api("files.getUploadURLExternal", by="UALICE", filename="x", length=6)
    with_token = ("curl", "-s", *bearer(f"xoxp-local-UALICE-{workspace.secret}"))
    assert stranger("curl", "-s", "-d", "secret", announced["upload_url"]) == "OK - 6"
    kept = workspace.api(
        "files.completeUploadExternal",
        by="UALICE",
        files=json.dumps([{"id": announced["file_id"]}]),
    )
    address = kept["files"][0]["url_private"]

    assert status_of(stranger, address) == 403
    assert status_of(stranger, *bearer(f"xoxp-local-UALICE-{WRONG}"), address) == 403
    assert stranger(*with_token, address) == "secret"


def test_other_pages_in_the_owners_browser_are_refused_in_spite_of_its_cookie(
    workspace: Workspace, stranger: Stranger
) -> None:
    port = workspace.url.rpartition(":")[2]
    cookie = ("-b", f"swallow-{port}={workspace.secret}")
    state = f"{workspace.url}/local/state"
    command = ("--json", json.dumps(COMMAND), f"{workspace.url}/local/command")
    form = ("-d", "channel=CGENERAL", "-d", "user=UADMIN", f"{workspace.url}/local/command")

    assert status_of(stranger, *cookie, state) == 200
    assert status_of(stranger, *cookie, "-H", f"Host: evil.example:{port}", state) == 403
    for site in ("Origin: http://evil.example", "Origin: http://127.0.0.1:1", "Origin: null"):
        assert status_of(stranger, *cookie, "-H", site, state) == 403
        assert status_of(stranger, *cookie, "-H", site, *command) == 403
        assert status_of(stranger, *cookie, "-H", site, *form) == 403
        assert status_of(stranger, *cookie, "-H", site, *WEBSOCKET, f"{workspace.url}/link/") == 403
    for site in ("cross-site", "same-site"):
        assert status_of(stranger, *cookie, "-H", f"Sec-Fetch-Site: {site}", *form) == 403
    assert status_of(stranger, *cookie, *form) == 415
