"""Every action of an admin writes one line to the audit log, whatever its values contain."""

import json
import stat
from pathlib import Path

from tasks.audit import Audit


def test_a_line_says_who_did_what_when_and_what_came_of_it(tmp_path: Path) -> None:
    audit = Audit(tmp_path / "home")
    audit.write(who="UADMIN", action="adapter use", target="output", outcome="done", channel="C1")
    audit.write(
        who="UBOB", action="train", target='a\n"b', outcome="refused", reason="not an admin"
    )

    first, second = map(json.loads, audit.file.read_text(encoding="utf-8").splitlines())
    assert first.pop("time")[:2] == "20"
    assert first == {
        "who": "UADMIN",
        "action": "adapter use",
        "target": "output",
        "outcome": "done",
        "channel": "C1",
    }
    assert (second["target"], second["reason"]) == ('a\n"b', "not an admin")
    assert stat.S_IMODE(audit.file.stat().st_mode) == 0o600
