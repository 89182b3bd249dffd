"""The folder of a training: what was fixed at its first start, its checkpoints, its results so far.

`$SWALLOW_HOME/trainings/<id>/` holds `options.json`, results as JSON, a `lock` and
`checkpoint-<step>-<pack>` folders. This module finds and prunes them; it does not know what is in
a checkpoint.
"""

import fcntl
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from trainer import files
from trainer.adapters.adapter_files import ABOUT
from trainer.adapters.names import is_adapter_name
from trainer.errors import OptionInvalid, TrainingMissing

KEPT_CHECKPOINTS = 2
LOCK_SECONDS = 30.0
"""Longer than a supervisor takes to notice that its training is another's by now, and to end it."""
_CHECKPOINT = re.compile(r"checkpoint-(\d{6,})-(\d{4,})")


@dataclass(frozen=True)
class Training:
    """One training's folder; its name is the training's id."""

    folder: Path

    @property
    def id(self) -> str:
        """The training's id."""
        return self.folder.name

    @property
    def fixed(self) -> dict[str, Any]:
        """What was fixed at the first start."""
        return _json(self.folder / "options.json")

    def fix(self, values: dict[str, Any]) -> None:
        """Write what is fixed from now on."""
        files.write_json(self.folder / "options.json", values)

    def note(self, name: str, values: Any) -> None:
        """Keep a result under `name`, for this start and the next."""
        files.write_json(self.folder / f"{name}.json", values)

    def noted(self, name: str) -> dict[str, Any] | None:
        """Return the result kept under `name`."""
        file = self.folder / f"{name}.json"
        return _json(file) if file.is_file() else None

    def adapter(self) -> Path | None:
        """Return the folder of the adapter that came of it, None while there is none.

        `finished.json` is written just before that folder appears, so both are looked at.
        """
        noted = self.noted("finished")
        if noted is None:
            return None
        folder = Path(noted["output"])
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return folder if about.get("training") == self.id else None

    @property
    def over(self) -> bool:
        """Whether its adapter was written; people may have removed it since."""
        return self.noted("written") is not None or self.adapter() is not None

    @property
    def in_work(self) -> bool:
        """Whether a process works on it now."""
        try:
            with (self.folder / "lock").open("rb") as file:
                return not _locked(file, fcntl.LOCK_SH)
        except OSError:
            return False

    @contextmanager
    def held(self, *, patience: float = LOCK_SECONDS) -> Iterator[None]:
        """Let no second process work on it meanwhile; the kernel lets go however this one ends.

        Raises:
            TrainingMissing: another one does, and still did after `patience` seconds.
        """
        end = time.monotonic() + patience
        with files.writing(self.folder):
            file = (self.folder / "lock").open("ab")
        with file:
            while not _locked(file, fcntl.LOCK_EX):
                if time.monotonic() > end:
                    raise TrainingMissing(
                        f"Another process works on the training {self.id}; cancel that one first."
                    )
                time.sleep(0.1)
            yield

    def checkpoint_path(self, step: int, packs: int) -> Path:
        """Return where a checkpoint after `step` steps and `packs` packs of the next belongs."""
        return self.folder / f"checkpoint-{step:06d}-{packs:04d}"

    def checkpoints(self) -> list[Path]:
        """Return the complete checkpoints, the oldest first."""
        if not self.folder.is_dir():  # on another host than the first process's
            return []
        found = [path for path in self.folder.iterdir() if _CHECKPOINT.fullmatch(path.name)]
        return sorted(found, key=lambda path: tuple(map(int, _CHECKPOINT.findall(path.name)[0])))

    def prune(self, keep: int = KEPT_CHECKPOINTS) -> None:
        """Remove all but the newest `keep` checkpoints, and what a kill left half done."""
        checkpoints = self.checkpoints()
        for path in checkpoints[: max(0, len(checkpoints) - keep)]:
            shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.glob(".*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _locked(file: IO[bytes], how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingMissing(
            f"The training's {file.name} in {file.parent} is unusable."
        ) from error
    return dict(content)


def new(home: Path, training_id: str | None) -> Training:
    """Make the folder of a new training, under the id given or a new one.

    Raises:
        OptionInvalid: the id is taken or may not be one.
        NotWritable: the folder cannot be made.
    """
    name = training_id or f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    if not is_adapter_name(name):
        raise OptionInvalid(f"--training-id is {name!r}, but it must be a plain name.")
    training = Training(home / "trainings" / name)
    if (training.folder / "options.json").exists():
        raise OptionInvalid(f"--training-id {name} is taken; continue it with --resume {name}.")
    with files.writing(training.folder.parent):
        training.folder.mkdir(parents=True, exist_ok=True)
    return training


def find(home: Path, training_id: str | None) -> Training:
    """Return the training to resume: the one named, else the one that was last worked on.

    Raises:
        TrainingMissing: there is none, or its adapter is written already.
    """
    parent = home / "trainings"
    if training_id:
        known = is_adapter_name(training_id) and (parent / training_id / "options.json").is_file()
        if not known:
            raise TrainingMissing(f"There is no training {training_id!r} in {parent} to resume.")
        named = Training(parent / training_id)
        if written := named.adapter():
            raise TrainingMissing(
                f"The training {training_id} has ended: its adapter is {written}."
            )
        return named
    if not (left := unfinished(home)):
        raise TrainingMissing(f"There is no unfinished training in {parent} to resume.")
    return left[0]


def unfinished(home: Path) -> list[Training]:
    """Return the trainings whose adapter was never written, the one last worked on first."""
    found = [Training(path.parent) for path in (home / "trainings").glob("*/options.json")]
    left = [training for training in found if not training.over]
    return sorted(left, key=lambda training: -training.folder.stat().st_mtime_ns)
