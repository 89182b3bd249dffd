"""`swallow train`: the trainer's command, recorded in the audit log, and paused for answers.

It can learn the feedback that an admin approved, whose rows it writes into the training's folder.
"""

from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tasks.admin_act import record_start
from trainer import training_folder
from trainer.command import train as trainer_train
from trainer.files import expanded

FEEDBACK = "feedback"


def _recorded(**values: Any) -> None:
    """Record the start of a training: its process may end without coming back to this function."""
    assert trainer_train.callback is not None
    learns_feedback = values["data_path"] == FEEDBACK and values["resume"] is None
    if values["plan_only"]:
        with TemporaryDirectory() as folder:
            if learns_feedback:
                values["data_path"] = _feedback(Path(folder))
            trainer_train.callback(**values)
        return
    from tasks.settings import settings
    from tasks.trainings.beside_answers import continue_in_child

    if learns_feedback:
        home = expanded(values["home"]).absolute()
        training = training_folder.free(home, values["training_id"])
        values |= {"training_id": training.id, "data_path": _feedback(training.folder)}
    if values["resume"] is None:
        record_start("train start", values["output_dir"])
    else:
        record_start("train resume", values["resume"] or values["training_id"] or "")
    continue_in_child(settings())
    trainer_train.callback(**values)


def _feedback(folder: Path) -> str:
    """Write the approved rows into `folder`, and return the file.

    Raises:
        NoFeedback: no row is approved for training.
        BrokerAway: the broker, which has them, does not answer.
    """
    from tasks.broker.connection import connect, reachable
    from tasks.settings import settings
    from tasks.trainings.feedback_rows import rows_file

    with reachable(settings()):
        return str(rows_file(connect(settings(), patience=1), folder))


train = copy(trainer_train)
train.callback = _recorded
