"""The folder of a training: its settings, its checkpoints, its results so far.

`$SWALLOW_HOME/trainings/<id>/` holds `options.json`, one JSON file per result, `lock`, the folders
`checkpoint-<step>-<pack>` and, where rows that it learns from were removed, `removed.json`. This
module names, finds and removes them; it does not know what is in a checkpoint.
"""

import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer import files
from trainer.adapters.adapter_files import ABOUT
from trainer.adapters.names import is_adapter_name
from trainer.errors import OptionInvalid, RowsRemoved, TrainingBusy, TrainingMissing
from trainer.file_lock import LockTaken, is_locked, locked

KEPT_CHECKPOINTS = 2
LOCK_PATIENCE_SECONDS = 30.0
"""Longer than a supervisor takes to notice that it lost the training's job, and to end its trainer,
which still holds the lock."""
_CHECKPOINT = re.compile(r"checkpoint-(\d{6,})-(\d{4,})")


@dataclass(frozen=True)
class RemovedRows:
    """How many of the rows that a training learns from were removed since it started, and by whom
    where that is known."""

    rows: int
    by: str = ""


@dataclass(frozen=True)
class Training:
    """One training's folder; the folder's name is the training's id."""

    folder: Path

    @property
    def id(self) -> str:
        """The training's id."""
        return self.folder.name

    @property
    def exists(self) -> bool:
        """Whether the training was started, so that it can only be resumed."""
        return (self.folder / "options.json").exists()

    @property
    def settings(self) -> dict[str, Any]:
        """What was decided at the first start and holds for every resume.

        Raises:
            TrainingMissing: the file is missing or broken.
        """
        return _json(self.folder / "options.json")

    def write_settings(self, values: dict[str, Any]) -> None:
        """Write what holds from now on.

        Raises:
            NotWritable: the disk is full or refuses.
        """
        files.write_json(self.folder / "options.json", values)

    def write_result(self, name: str, values: Any) -> None:
        """Keep a result under `name`, for this start and later ones.

        Raises:
            NotWritable: the disk is full or refuses.
        """
        files.write_json(self.folder / f"{name}.json", values)

    def result(self, name: str) -> dict[str, Any] | None:
        """Return the result kept under `name`, None if there is none.

        Raises:
            TrainingMissing: the file is broken.
        """
        file = self.folder / f"{name}.json"
        return _json(file) if file.is_file() else None

    def adapter(self) -> Path | None:
        """Return the folder of the adapter this training wrote, None while there is none.

        `finished.json` is written just before that folder appears, so both are looked at.
        """
        finished = self.result("finished")
        if finished is None:
            return None
        folder = Path(finished["output"])
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return folder if about.get("training") == self.id else None

    @property
    def is_over(self) -> bool:
        """Whether its adapter was written; the adapter may have been removed since."""
        return self.result("written") is not None or self.adapter() is not None

    @property
    def removed_rows(self) -> RemovedRows | None:
        """What was removed of its data, so that it is never resumed; None where nothing was.

        Raises:
            TrainingMissing: the file is broken.
        """
        found = self.result("removed")
        return None if found is None else RemovedRows(found.get("rows", 0), found.get("by", ""))

    def give_up(self, removed: RemovedRows) -> None:
        """Note what was removed of its data, and remove what it has learned so far.

        A process that works on it goes on to its end; what that leaves goes the next time. In the
        order of those to resume the training keeps its place.

        Raises:
            NotWritable: the disk is full or refuses.
        """
        with files.unnoticed(self.folder):
            if removed != self.removed_rows:
                self.write_result("removed", asdict(removed))
            if not self.is_busy:
                self.prune(keep=0)

    @property
    def is_busy(self) -> bool:
        """Whether a process works on it now."""
        return is_locked(self._lock)

    @contextmanager
    def locked(self, *, patience: float = LOCK_PATIENCE_SECONDS) -> Iterator[None]:
        """Keep other processes from working on this training for the length of the block.

        Raises:
            TrainingBusy: another process still works on it after `patience` seconds.
            NotWritable: the folder is missing or cannot be written to.
        """
        with ExitStack() as stack:
            try:
                with files.writing(self.folder):
                    stack.enter_context(locked(self._lock, patience=patience, mode=0o666))
            except LockTaken as error:
                raise TrainingBusy(
                    f"Another process works on the training {self.id}; cancel that one first."
                ) from error
            yield

    @property
    def _lock(self) -> Path:
        return self.folder / "lock"

    def checkpoint_path(self, step: int, packs: int) -> Path:
        """Return the folder of the checkpoint after `step` steps and `packs` packs of the next."""
        return self.folder / f"checkpoint-{step:06d}-{packs:04d}"

    def checkpoints(self) -> list[Path]:
        """Return the complete checkpoints, the oldest first."""
        if not self.folder.is_dir():  # on another host than that of the first process
            return []
        names = [path for path in self.folder.iterdir() if _CHECKPOINT.fullmatch(path.name)]
        return sorted(names, key=lambda path: tuple(map(int, _CHECKPOINT.findall(path.name)[0])))

    def newest_checkpoint(self) -> Path | None:
        """Return the checkpoint to resume from, None if there is none."""
        return next(reversed(self.checkpoints()), None)

    def prune(self, keep: int = KEPT_CHECKPOINTS) -> None:
        """Remove all but the newest `keep` checkpoints, and what a kill left half written."""
        checkpoints = self.checkpoints()
        for path in checkpoints[: max(0, len(checkpoints) - keep)]:
            shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.glob(".*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def step_of(checkpoint: Path) -> int:
    """Return how many whole steps were done when `checkpoint` was taken."""
    return int(_CHECKPOINT.findall(checkpoint.name)[0][0])


def _json(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise TrainingMissing(
            f"The training's {file.name} in {file.parent} is unusable."
        ) from error


def free(home: Path, training_id: str | None) -> Training:
    """Return a training that was not started yet, under the given id or a new one.

    Raises:
        OptionInvalid: the id is taken, or breaks the rule of adapters' names.
    """
    name = training_id or f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    if not is_adapter_name(name):
        raise OptionInvalid(f"--training-id is {name!r}, but it must be a plain name.")
    training = Training(home / "trainings" / name)
    if training.exists:
        raise OptionInvalid(f"--training-id {name} is taken; continue it with --resume {name}.")
    return training


def new(home: Path, training_id: str | None) -> Training:
    """Make the folder of a new training, under the given id or a new one.

    Ids follow the rule of adapters' names.

    Raises:
        OptionInvalid: the id is taken, or breaks that rule.
        NotWritable: the folder cannot be made.
    """
    training = free(home, training_id)
    with files.writing(training.folder.parent):
        files.make_private(training.folder)
    return training


def find(home: Path, training_id: str | None) -> Training:
    """Return the training to resume: the one named, else the one last worked on.

    Raises:
        TrainingMissing: there is none, or its adapter is already written.
        RowsRemoved: rows that it learns from were removed.
    """
    parent = home / "trainings"
    if not training_id:
        if candidates := unfinished(home):
            return _whole(candidates[0])
        raise TrainingMissing(f"There is no unfinished training in {parent} to resume.")
    training = Training(parent / training_id)
    if not is_adapter_name(training_id) or not training.exists:
        raise TrainingMissing(f"There is no training {training_id!r} in {parent} to resume.")
    if adapter := training.adapter():
        raise TrainingMissing(f"The training {training_id} has ended: its adapter is {adapter}.")
    return _whole(training)


def _whole(training: Training) -> Training:
    removed = training.removed_rows
    if removed is None:
        return training
    rows = f"{removed.rows} of the rows that it learns from"
    happened = f"{removed.by} removed {rows}" if removed.by else f"{rows} were removed"
    raise RowsRemoved(
        f"The training {training.id} cannot be resumed: {happened} since it started. "
        "Start a new one, which learns the rows that are left."
    )


def unfinished(home: Path) -> list[Training]:
    """Return the trainings whose adapter was never written, the one last worked on first.

    Those whose results cannot be read are left out: nobody can tell.
    """
    started = [Training(path.parent) for path in (home / "trainings").glob("*/options.json")]
    rest = []
    for training in started:
        with suppress(TrainingMissing):
            rest += [] if training.is_over else [training]
    return sorted(rest, key=lambda training: -training.folder.stat().st_mtime_ns)
