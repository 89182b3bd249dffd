"""`swallow train`: the trainer's command, recorded in the audit log, and paused for answers.

It can learn the feedback that an admin approved, and is examined on rows that are never learned;
both are written into the training's folder.
"""

from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from tasks.admin_act import record_start
from trainer import training_folder
from trainer.command import train as trainer_train
from trainer.files import expanded

FEEDBACK = "feedback"

_WITHOUT_BROKER = (
    "Without it the exam is the team's file alone (datasets/exam.jsonl), if there is one: what is "
    "approved for the exam is neither asked nor kept out of what is learned."
)


def _recorded(**values: Any) -> None:
    """Record the start of a training: its process may end without coming back to this function."""
    assert trainer_train.callback is not None
    home = expanded(values["home"]).absolute()
    if values["plan_only"]:
        with TemporaryDirectory() as folder:
            trainer_train.callback(**values | _rows(values, home, Path(folder)))
        return
    from tasks.settings import settings
    from tasks.trainings.beside_answers import continue_in_child

    if values["resume"] is None:
        training = training_folder.free(home, values["training_id"])
        values |= {"training_id": training.id, **_rows(values, home, training.folder)}
        record_start("train start", values["output_dir"])
    else:
        record_start("train resume", values["resume"] or values["training_id"] or "")
    continue_in_child(settings())
    trainer_train.callback(**values)


def _rows(values: dict[str, Any], home: Path, folder: Path) -> dict[str, str]:
    """Write the rows to learn and to be examined on into `folder`, as far as a new training needs
    that; returns the options that name them.

    Raises:
        NoFeedback: no row is approved for training.
        DataUnusable: the team's exam cannot be read.
        BrokerAway: the broker, which has the approved rows, does not answer.
    """
    if values["resume"] is not None:
        return {}
    named = {}
    if values["data_path"] == FEEDBACK:
        named["data_path"] = _feedback(home, folder)
    if values["exam_path"] is None and (exam := _exam(home, folder)):
        named["exam_path"] = str(exam)
    return named


def _feedback(home: Path, folder: Path) -> str:
    from tasks.broker.connection import connect, reachable
    from tasks.settings import settings
    from tasks.trainings.feedback_rows import rows_file

    with reachable(settings()):
        return str(rows_file(connect(settings(), patience=1), home, folder))


def _exam(home: Path, folder: Path) -> Path | None:
    """Return the file of exam rows; where the broker does not answer, which is said, those of the
    team's file."""
    from tasks.broker.connection import connect, is_known, reachable
    from tasks.errors import BrokerAway
    from tasks.feedback.exam import exam_file
    from tasks.settings import settings

    if is_known(settings()):
        try:
            with reachable(settings()):
                return exam_file(connect(settings(), patience=1), home, folder)
        except BrokerAway as error:
            click.echo(f"{error} {_WITHOUT_BROKER}", err=True)
    return exam_file(None, home, folder)


train = copy(trainer_train)
train.callback = _recorded
