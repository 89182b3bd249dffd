"""Trainings in the running system: processes that are killed, and requests that are refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tasks.broker.job import JobState
from tests.patience import until
from tests.system.workspace import System, Workspace
from tests.tasks.adapter_files import write_adapter

OPTIONS = "data=rows epochs=20 batch=4 micro_batch=1 lr=0.01 seed=7"


def trainings(system: System) -> list[JobState]:
    """Return the training jobs on record, the newest first."""
    return [job for job in system.jobs.all_states() if job.kind == "train"]


def message_of(workspace: Workspace, job: str) -> list[dict[str, Any]]:
    """Return the channel's messages of a job."""
    return [
        message
        for message in workspace.history(workspace.channel("random"))
        if job in json.dumps(message.get("metadata", {}))
    ]


def started(system: System, options: str) -> str:
    """Run `/swallow-train`, start what it plans, and return the training's job."""
    workspace, channel = system.workspace, system.workspace.channel("random")
    before = {job.id for job in trainings(system)}
    plans = len(workspace.history(channel))
    workspace.command(f"/swallow-train {options}", channel=channel)
    until(lambda: len(workspace.history(channel)) > plans, system.log_text)
    if "Start training" in json.dumps(workspace.history(channel)[0]["blocks"]):
        workspace.press("Start training", channel=channel)
    until(lambda: {job.id for job in trainings(system)} != before, system.log_text)
    return next(job.id for job in trainings(system) if job.id not in before)


def step_of(system: System, job: str) -> int:
    found = system.jobs.get(job)
    return int(found.progress.get("step", 0)) if found else 0


def advances(system: System, job: str, *, steps: int) -> None:
    reached = step_of(system, job)
    until(lambda: step_of(system, job) > reached + steps, system.log_text)


def ended(system: System, job: str) -> str:
    """Wait until a job has ended and return how."""

    def state() -> str:
        found = system.jobs.get(job)
        return found.state if found else ""

    until(lambda: state() in ("finished", "failed", "cancelled"), system.log_text)
    return state()


def weights(system: System, name: str) -> dict[str, torch.Tensor]:
    return load_file(system.home / "adapters" / name / "adapter_model.safetensors")


def adapters(system: System) -> set[str]:
    """Return the names in the folder of adapters."""
    folder = system.home / "adapters"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def audit(system: System) -> list[dict[str, str]]:
    lines = (system.home / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_three_dead_workers_and_a_dead_broker_later_the_adapter_is_the_same(tiny: System) -> None:
    before = adapters(tiny)
    whole = started(tiny, f"{OPTIONS} output=whole")
    assert ended(tiny, whole) == "finished"
    job = started(tiny, f"{OPTIONS} output=broken")
    for _ in range(3):
        advances(tiny, job, steps=20)
        tiny.kill("trainer")
    advances(tiny, job, steps=1)
    tiny.kill("broker")

    assert ended(tiny, job) == "finished"

    one, two = weights(tiny, "whole"), weights(tiny, "broken")
    assert all(torch.equal(one[name], two[name]) for name in one)
    until(lambda: "Training finished" in message_of(tiny.workspace, job)[0]["text"])
    (message,) = message_of(tiny.workspace, job)

    def thread() -> list[dict[str, Any]]:
        random = tiny.workspace.channel("random")
        return tiny.workspace.bot_messages(message["ts"], channel=random)

    # The loss curve is the last that a training posts.
    until(lambda: any(reply.get("files") for reply in thread()), tiny.log_text)
    texts = [str(reply["text"]) for reply in thread()]
    assert len([text for text in texts if "has started" in text]) == 1
    assert len([text for text in texts if "before and after" in text]) == 1
    assert len([reply for reply in thread() if reply.get("files")]) == 1
    assert adapters(tiny) - before == {"broken", "whole"}


def test_a_second_training_waits_and_says_its_place_and_both_can_be_cancelled(
    tiny: System,
) -> None:
    workspace, channel = tiny.workspace, tiny.workspace.channel("random")
    first = started(tiny, f"{OPTIONS} output=first epochs=900".replace("epochs=20 ", ""))
    second = started(tiny, f"{OPTIONS} output=second epochs=900".replace("epochs=20 ", ""))
    until(lambda: "1 ahead" in str(message_of(workspace, second)), tiny.log_text)
    advances(tiny, first, steps=10)

    workspace.command("/swallow-train cancel", channel=channel)
    until(lambda: first in str(workspace.ephemeral("UADMIN", channel=channel)))
    workspace.command(f"/swallow-train cancel {second}", channel=channel)
    workspace.command(f"/swallow-train cancel {first}", channel=channel)

    assert ended(tiny, second) == "cancelled"
    assert ended(tiny, first) == "cancelled"
    until(lambda: "<@UADMIN>" in str(message_of(workspace, first)[0]["text"]))
    assert "resume" in message_of(workspace, first)[0]["text"]


@pytest.mark.parametrize(
    ("user", "command", "reason"),
    [
        ("UBOB", "/swallow-train epochs=1", "admin"),
        ("UBOB", "/swallow-adapter use fine", "admin"),
        ("UADMIN", "/swallow-adapter use other", "was trained on another-model"),
        ("UADMIN", "/swallow-adapter use link", "There is no adapter"),
        ("UADMIN", "/swallow-adapter use pickle", "is not safetensors"),
        ("UADMIN", "/swallow-adapter use huge", "1,000 MB"),
        ("UADMIN", "/swallow-train data=passwd", "passwd"),
    ],
)
def test_what_may_not_be_is_refused_with_its_reason_and_a_line_in_the_audit_log(
    tiny: System, user: str, command: str, reason: str
) -> None:
    prepare_bad_adapters(tiny)
    channel = tiny.workspace.channel("random")
    lines, replies = len(audit(tiny)), len(tiny.workspace.ephemeral(user, channel=channel))

    tiny.workspace.command(command, user=user, channel=channel)

    until(
        lambda: reason in str(tiny.workspace.ephemeral(user, channel=channel)[replies:]),
        lambda: str(tiny.workspace.ephemeral(user, channel=channel)),
    )
    until(lambda: len(audit(tiny)) > lines)
    assert audit(tiny)[-1]["who"] == user
    assert tiny.status()["adapter"] == ""
    assert not tiny.jobs.open("train")


@pytest.mark.parametrize("command", ["use ../../etc", "use /etc/passwd", "compare x", "use a b"])
def test_what_is_no_name_is_answered_with_the_usage(tiny: System, command: str) -> None:
    replies = len(tiny.workspace.ephemeral("UADMIN"))

    tiny.workspace.command(f"/swallow-adapter {command}")

    until(lambda: len(tiny.workspace.ephemeral("UADMIN")) > replies)
    assert "/swallow-adapter" in tiny.workspace.ephemeral("UADMIN")[-1]


def prepare_bad_adapters(system: System) -> None:
    adapters = system.home / "adapters"
    if (adapters / "fine").exists():
        return
    write_adapter(adapters / "fine", base_model="tiny")
    write_adapter(adapters / "other", base_model="another-model")
    (adapters / "link").symlink_to("/etc")
    write_adapter(adapters / "pickle", base_model="tiny")
    (adapters / "pickle" / "adapter_model.safetensors").write_bytes(b"\x80\x04cos\nsystem\n.")
    write_adapter(adapters / "huge", base_model="tiny")
    os.truncate(adapters / "huge" / "adapter_model.safetensors", 1_000_000_000)
    (system.home / "datasets" / "passwd").symlink_to("/etc/passwd")


def test_a_training_stopped_with_the_system_goes_on_with_it(tmp_path: Path, tiny: System) -> None:
    job = started(tiny, f"{OPTIONS} output=paused epochs=40".replace("epochs=20 ", ""))
    advances(tiny, job, steps=10)

    assert tiny.stop() == 0
    tiny.start()

    assert ended(tiny, job) == "finished"
    until(lambda: "Training finished" in str(message_of(tiny.workspace, job)[0]["text"]))
    assert len(message_of(tiny.workspace, job)) == 1
