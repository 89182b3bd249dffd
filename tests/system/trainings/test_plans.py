"""Plans in the running system, beside questions that the transformers engine answers in turn."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.patience import until
from tests.system.workspace import ONE_THREAD, running_system
from tests.trainer import doubles


@contextmanager
def read_without_end(pipe: Path) -> Iterator[None]:
    """Wait until somebody reads from `pipe`, and let them wait for the first byte meanwhile."""
    writers: list[int] = []

    def is_read() -> bool:
        try:
            writers.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # nobody has opened it yet
            return False
        return True

    until(is_read)
    yield
    os.close(writers[0])


def test_a_question_is_answered_while_a_plan_reads_its_data(tmp_path: Path) -> None:
    model = doubles.write_model(tmp_path / "tiny")
    datasets = tmp_path / "home" / "datasets"
    datasets.mkdir(parents=True)
    os.mkfifo(datasets / "slow.jsonl")
    settings = ONE_THREAD | {"SWALLOW_MODEL": str(model), "SWALLOW_STYLE": "alpaca-en"}
    with running_system(tmp_path, "transformers", **settings) as system:
        system.workspace.command("/swallow-train data=slow")
        with read_without_end(datasets / "slow.jsonl"):
            asked = system.workspace.say("<@UBOT> What is 1 + 1?")
            system.workspace.answers(asked)

            (plan,) = (job for job in system.jobs.all_states() if job.kind == "plan")
            assert plan.state == "running"
        until(lambda: not system.jobs.open_states("plan"), system.log_text)
