"""Trainings that stand still on rows that were removed since: they are never resumed.

What one has learned so far goes, for it has learned from the rows too; its settings stay, to say
why it cannot go on. Those that run go on to their end, and their adapters are named.
"""

from contextlib import suppress
from pathlib import Path

from trainer.errors import TrainingMissing
from trainer.training_folder import RemovedRows, Training, unfinished


def give_up_on(home: Path, file: Path, count: int, by: str) -> None:
    """Give up the trainings of `home` that learn from `file`, of which `by` removed `count` rows.

    Raises:
        NotWritable: the folder of one cannot be written to.
    """
    for training in unfinished(home):
        with suppress(TrainingMissing):  # its settings cannot be read: nobody can resume it either
            if _learns_from(training, file):
                before = training.removed_rows or RemovedRows(0)
                training.give_up(RemovedRows(before.rows + count, by or before.by))


def discard_learned(home: Path) -> None:
    """Remove what trainings that are given up have learned, and kept as long as they ran.

    Raises:
        NotWritable: the folder of one cannot be written to.
    """
    for training in unfinished(home):
        with suppress(TrainingMissing):
            if removed := training.removed_rows:
                training.give_up(removed)


def _learns_from(training: Training, file: Path) -> bool:
    options = training.settings.get("options") or {}
    sources = [options.get("data_path"), options.get("val_data_path")]
    paths = [Path(source).resolve() for source in sources if source]
    return any(path in (file.resolve(), *file.resolve().parents) for path in paths)
