"""Trainings of a drill: asked for at the local workspace, and compared tensor by tensor."""

import json
import time

import torch
from safetensors.torch import load_file

from tests.patience import until
from tests.system.workspace import ENDED, System
from tests.trainer.doubles import write_rows

OPTIONS = "data=rows epochs=3 batch=4 micro_batch=2 lr=0.001 val=4 seed={seed} output={output}"


def write_data(system: System) -> None:
    """Write the data set to the home."""
    folder = system.home / "datasets"
    folder.mkdir(exist_ok=True)
    write_rows(folder / "rows.jsonl", 28)


def start(system: System, output: str, seed: int) -> str:
    """Ask for a training, press its start button if its plan has one, and return its job."""
    workspace, channel = system.workspace, system.workspace.channel("random")
    before = _jobs(system)
    plans = len(workspace.history(channel))
    workspace.command(f"/swallow-train {OPTIONS.format(seed=seed, output=output)}", channel=channel)
    until(lambda: len(workspace.history(channel)) > plans, system.log_text)
    until(lambda: _is_planned(system, channel, before), system.log_text)
    if not _jobs(system) - before:
        workspace.press("Start training", channel=channel)
        until(lambda: bool(_jobs(system) - before), system.log_text)
    (job,) = _jobs(system) - before
    return job


def resume(system: System) -> str:
    """Resume the newest training that ended early, and return its new job."""
    before = _jobs(system)
    system.workspace.command("/swallow-train resume", channel=system.workspace.channel("random"))
    until(lambda: bool(_jobs(system) - before), system.log_text)
    (job,) = _jobs(system) - before
    return job


def _is_planned(system: System, channel: str, before: set[str]) -> bool:
    newest = json.dumps(system.workspace.history(channel)[0]["blocks"])
    return "Start training" in newest or bool(_jobs(system) - before)


def _jobs(system: System) -> set[str]:
    return {job.id for job in system.jobs.all_states() if job.kind == "train"}


def wait_for_end(system: System, job: str) -> str:
    """Wait until a training has ended, however long that takes, and return how."""

    def state() -> str:
        found = system.jobs.get(job)
        return found.state if found else "unknown"

    while state() not in (*ENDED, "unknown"):
        time.sleep(1)
    return state()


def same_adapter(system: System, one: str, other: str) -> bool:
    """Tell whether two adapters have the same tensors, bit for bit."""
    first, second = (
        load_file(system.home / "adapters" / name / "adapter_model.safetensors")
        for name in (one, other)
    )
    return first.keys() == second.keys() and all(
        torch.equal(tensor, second[name]) for name, tensor in first.items()
    )
