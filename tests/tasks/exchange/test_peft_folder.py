"""A PEFT folder for elsewhere: all that an adapter is, and none of the team's rows."""

import json
from pathlib import Path

from tasks.exchange.peft_folder import export_peft
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.adapter import read


def test_an_export_has_the_marks_of_the_exam_and_not_its_questions(tmp_path: Path) -> None:
    marks = {"corrections": 1, "learned": 1, "reworded": 1, "others": 0, "unchanged": 0}
    sides = [{"instruction": "Secret?", "base": "a", "adapter": "b", "id": "r0"}]
    adapter = read(write_adapter(tmp_path / "ours", exam={**marks, "sides": sides}))

    export_peft(adapter, tmp_path / "elsewhere")

    about = json.loads((tmp_path / "elsewhere" / "swallow.json").read_text("utf-8"))
    assert about["exam"] == marks
    assert read(tmp_path / "elsewhere").digest == adapter.digest
