"""What `swallow up` writes about its processes is what `swallow status` reads."""

import json
import os
from pathlib import Path

from tasks.supervisor import up_file


def test_what_was_written_is_read_while_the_writer_runs(tmp_path: Path) -> None:
    up_file.write(
        tmp_path,
        workspace="http://127.0.0.1:1",
        parts={"bot": 12, "worker": None},
        ends={"worker": "ended with code 1"},
    )

    assert up_file.read(tmp_path) == {
        "pid": os.getpid(),
        "workspace": "http://127.0.0.1:1",
        "parts": {"bot": 12, "worker": None},
        "ends": {"worker": "ended with code 1"},
    }


def test_nothing_is_read_without_a_file_or_of_a_supervisor_that_died(tmp_path: Path) -> None:
    assert up_file.read(tmp_path) == {}

    up_file.path_of(tmp_path).write_text(json.dumps({"pid": 2**22 + 1}), encoding="utf-8")

    assert up_file.read(tmp_path) == {}
    up_file.remove(tmp_path)
    assert not up_file.path_of(tmp_path).exists()
