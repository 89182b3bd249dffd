"""Errors of the trainer.

TrainerError
├── UnknownStyle         a prompt style that is not one of ours
├── InstructionTooLong   an instruction that does not fit the context, and is never cut silently
├── ModelMissing         a model that is not here and cannot be fetched
├── AdapterRefused       an adapter that is unsafe, or made for another base model
│   ├── AdapterMissing   an adapter that is not there
│   ├── AdapterInUse     an adapter that cannot be removed while it answers
│   └── AdapterWorse     an adapter that answers worse than before, until somebody insists
├── OptionInvalid        an option's value that cannot work
├── DataUnusable         training data that is missing, unreadable, mixed or empty
├── MemoryTooSmall       a training that would not fit into this machine's memory
├── NotWritable          a folder that cannot be written to, or a full disk
├── TrainingMissing      a training to resume that is not there, or has ended
├── TrainingBusy         a training that another process works on
├── TrainingChanged      a training whose data, model or host changed since it started
│   └── RowsRemoved      a training that learns from rows that were removed since
└── LossDiverged         a loss that is no longer a number

Each message is one sentence that names the value and what to do next.
"""

from collections.abc import Sequence
from pathlib import Path


class TrainerError(Exception):
    """The base class; its message is one sentence that a person can act on."""


class UnknownStyle(TrainerError):
    """The prompt style's name is not known, or the model cannot use it."""


class InstructionTooLong(TrainerError):
    """The instruction alone takes more tokens than the context leaves for the prompt."""

    def __init__(self, tokens: int, limit: int) -> None:
        super().__init__(
            f"The instruction has {tokens} tokens and at most {limit} fit; "
            "shorten it, or move its material into the input, which may be cut."
        )
        self.tokens = tokens
        self.limit = limit


class ModelMissing(TrainerError):
    """The model is not on this machine and could not be fetched."""


class AdapterRefused(TrainerError):
    """The adapter is missing, unsafe, not a supported LoRA, or was made for another base model."""


class AdapterMissing(AdapterRefused):
    """There is no adapter of that name."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"There is no adapter {name!r} in {folder}.")
        self.name = name


class AdapterInUse(AdapterRefused):
    """The adapter answers questions now, by default or in `channels`, and cannot be removed."""

    def __init__(self, name: str, channels: Sequence[str] = ()) -> None:
        where = f" in {', '.join(channels)}" if channels else ""
        there = " there" if channels else ""
        super().__init__(f"The adapter {name!r} is in use{where}; switch it off{there} first.")
        self.name = name
        self.channels = tuple(channels)


class AdapterWorse(AdapterRefused):
    """Its evaluation says that the adapter answers worse; it is used where somebody insists."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The adapter {name!r} answers worse than the base model, as `swallow adapter show` "
            "says in full; add --anyway to use it all the same."
        )
        self.name = name


class OptionInvalid(TrainerError):
    """An option has a value that cannot work; the message names the flag."""


class DataUnusable(TrainerError):
    """The training data is missing, unreadable, of mixed shapes, or leaves nothing to learn."""


class MemoryTooSmall(TrainerError):
    """The training needs more memory than this machine has free."""


class NotWritable(TrainerError):
    """A folder cannot be written to, or its disk is full."""


class TrainingMissing(TrainerError):
    """There is no such training to resume, its files are broken, or it has ended."""


class TrainingBusy(TrainerError):
    """Another process works on the training."""


class TrainingChanged(TrainerError):
    """What the training started with is no longer the same, so that it cannot be resumed."""


class RowsRemoved(TrainingChanged):
    """Rows that the training learns from were removed, so that it is never resumed."""


class LossDiverged(TrainerError):
    """The loss is infinite or not a number, so that no gradient is usable."""
