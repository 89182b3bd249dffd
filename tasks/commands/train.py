"""`swallow train`: the trainer's command, recorded in the audit log, and paused for answers."""

from copy import copy
from typing import Any

from tasks.admin_act import record_start
from trainer.command import train as trainer_train


def _recorded(**values: Any) -> None:
    """Record the start of a training: its process may end without coming back to this function."""
    if not values["plan_only"]:
        from tasks.settings import settings
        from tasks.trainings.beside_answers import continue_in_child

        if values["resume"] is None:
            record_start("train start", values["output_dir"])
        else:
            record_start("train resume", values["resume"] or values["training_id"] or "")
        continue_in_child(settings())
    assert trainer_train.callback is not None
    trainer_train.callback(**values)


train = copy(trainer_train)
train.callback = _recorded
