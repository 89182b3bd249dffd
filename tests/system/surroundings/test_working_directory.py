"""A system that is started in a folder of somebody's Python modules imports none of them."""

from pathlib import Path

import pytest

from tests.hostile_folder import HostileFolder
from tests.patience import until
from tests.system.workspace import ONE_THREAD, running_system
from tests.trainer import doubles


def test_answers_plans_and_trainings_import_nothing_from_the_working_directory(
    tmp_path: Path, engine_option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = HostileFolder(tmp_path)
    model = doubles.write_model(tmp_path / "tiny")
    datasets = tmp_path / "home" / "datasets"
    datasets.mkdir(parents=True)
    doubles.write_rows(datasets / "rows.jsonl", 96)
    monkeypatch.chdir(folder.path)
    settings = ONE_THREAD | {
        "SWALLOW_MODEL": str(model),
        "SWALLOW_STYLE": "alpaca-en",
        "SWALLOW_MAX_NEW_TOKENS": "20",
    }

    with running_system(tmp_path, engine_option, **settings) as system:
        workspace = system.workspace
        assert workspace.answer(workspace.say("<@UBOT> Which of these is a rapper?"))
        channel = workspace.channel("random")
        workspace.command("/swallow-train data=rows epochs=1 batch=4", channel=channel)
        until(lambda: "train" in {job.kind for job in system.jobs.all_states()}, system.log_text)
        until(lambda: not system.jobs.open_states(), system.log_text)
        states = {job.kind: job.state for job in system.jobs.all_states()}
        assert system.command("status").returncode == 0

    assert states == {"answer": "finished", "plan": "finished", "train": "finished"}
    assert folder.imported == []
