"""`swallow up` supervises whatever becomes of its output, and says in one line why it cannot."""

import errno
import fcntl
import json
from pathlib import Path
from typing import Any

import pytest

from tasks.cli import main
from tests.outputs import OUTPUTS, Output
from tests.patience import until
from tests.system.workspace import System, free_port


@pytest.mark.parametrize("output", OUTPUTS)
def test_parts_are_started_again_although_nobody_reads_what_they_write(
    output: Output, tmp_path: Path
) -> None:
    system = System(tmp_path / "home", free_port(), SWALLOW_MODEL="/no/such/model")
    with output() as descriptor:
        system.launch(descriptor)
        try:
            until(lambda: "bot" in parts_of(system.home))
            system.kill("workspace")
            system.kill("bot")
        finally:
            code = system.stop()

    assert code == 0


def parts_of(home: Path) -> dict[str, Any]:
    """Return what `swallow up` has written of its parts so far."""
    try:
        parts: dict[str, Any] = json.loads((home / "up.json").read_text("utf-8"))["parts"]
    except FileNotFoundError:
        return {}
    return {name: pid for name, pid in parts.items() if pid}


def test_a_home_on_a_disk_without_locks_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)

    with pytest.raises(SystemExit) as ended:
        main(["up", "--home", str(tmp_path / "home")])

    assert ended.value.code == 1
    error = capsys.readouterr().err
    assert error.startswith("swallow: ")
    assert "No locks available" in error
    assert error.count("\n") == 1
