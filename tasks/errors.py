"""Errors of the tasks package.

TaskError
├── BrokerAway        Redis or Valkey does not answer
├── SettingInvalid    a setting that cannot be what it is
├── NoSuchJob         a job id nobody knows
├── DatasetUnknown    training data by a name that is not there
├── AlreadyRunning    a second `swallow up` on one home
├── ModelUnsupported  a model the fast engine cannot run
├── ConversionFailed  a checkpoint that could not become a graph
└── EngineFailed      the process that generates text died or could not go on

Each message is one sentence that names the value and what to do next.
"""


class TaskError(Exception):
    """What went wrong, in one sentence a person can act on."""


class BrokerAway(TaskError):
    """The broker cannot be reached."""


class SettingInvalid(TaskError):
    """A setting has a value that cannot be used."""


class NoSuchJob(TaskError):
    """There is no job with that id; its record may have expired."""


class DatasetUnknown(TaskError):
    """There is no training data of that name under `$SWALLOW_HOME/datasets`."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"There is no dataset {name!r}; there are: {', '.join(known)}.")
        self.name = name
        self.known = known


class AlreadyRunning(TaskError):
    """Another `swallow up` holds this home."""


class ModelUnsupported(TaskError):
    """The fast engine cannot run this model; the text says what about it, as half a sentence."""


class KernelsMissing(TaskError):
    """Our own kernels cannot be used here; the text says why, as half a sentence."""


class ConversionFailed(TaskError):
    """The checkpoint is not whole, or there is no room to convert it."""


class EngineFailed(TaskError):
    """The process that generates text died or reported an error."""
