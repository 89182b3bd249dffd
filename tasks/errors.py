"""Errors of the tasks package.

TaskError
├── BrokerAway        Redis or Valkey does not answer, or its address is not known
├── SettingInvalid    a setting whose value cannot be used
├── AuditUnwritable   the audit log cannot be written, so that no admin may act
├── NoSuchJob         a job id without a record
├── FeedbackRefused   a row of feedback that cannot be kept
├── NoSuchRow         an id without a row of feedback
├── RowTaken          a row of feedback that cannot be replaced any more
├── NoFeedback        a training on feedback of which no row is approved
├── DatasetUnknown    a dataset's name that is not under `$SWALLOW_HOME/datasets`
├── AlreadyRunning    a second `swallow up` on one home
├── ModelUnsupported  a model the openvino engine cannot run
├── KernelsMissing    our own kernels cannot be used on this machine
├── ConversionFailed  a checkpoint that could not be converted to a graph
└── EngineFailed      the process that generates text died or could not go on

Each message is one sentence that names the value and what to do next.
"""

from typing import ClassVar


class TaskError(Exception):
    """The base class; its message is one sentence that a person can act on."""


class BrokerAway(TaskError):
    """The broker cannot be reached, or its address is not known."""


class SettingInvalid(TaskError):
    """A setting has a value that cannot be used."""


EXIT_SETTING_INVALID = 78
"""How a process under `swallow up` ends that cannot use a setting; EX_CONFIG of sysexits.h."""


class AuditUnwritable(TaskError):
    """The audit log cannot be written: nothing may be done that would leave no line in it."""


class NoSuchJob(TaskError):
    """There is no job with that id; its record may have expired."""


class NoSuchRow(TaskError):
    """There is no row of feedback with that id."""


class RowTaken(TaskError):
    """The row is approved already: it can be removed, not replaced."""


class NoFeedback(TaskError):
    """No row of feedback is approved for training; `proposed` wait for an admin's approval."""

    def __init__(self, proposed: int) -> None:
        waiting = f"{proposed} wait" if proposed != 1 else "1 waits"
        super().__init__(
            "No row of feedback is approved for training yet"
            + (
                f"; {waiting} for an admin's approval."
                if proposed
                else "; correct an answer first."
            )
        )
        self.proposed = proposed


class DatasetUnknown(TaskError):
    """There is no training data of that name under `$SWALLOW_HOME/datasets`."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(f"There is no dataset {name!r}; there are: {', '.join(known)}.")
        self.name = name
        self.known = known


class FeedbackRefused(TaskError):
    """A row of feedback that cannot be kept; `reason` says why, `field` where."""

    SENTENCES: ClassVar = {
        "no_author": "A row of feedback needs an author.",
        "empty": "The {field} is empty: a row needs an instruction and an output.",
        "too_long": "The {field} is longer than {most} bytes, the most that is kept.",
        "name_too_long": "The {field} is longer than {most} characters.",
        "kind": "{field} is no kind of row.",
    }

    def __init__(self, reason: str, *, field: str = "", most: int = 0) -> None:
        super().__init__(self.SENTENCES[reason].format(field=field, most=f"{most:,}"))
        self.reason = reason
        self.field = field
        self.most = most


class AlreadyRunning(TaskError):
    """Another `swallow up` runs on this home."""


class ModelUnsupported(TaskError):
    """The openvino engine cannot run this model; the message is part of a sentence: why."""


class KernelsMissing(TaskError):
    """Our own kernels cannot be used here; the message is part of a sentence: why."""


class ConversionFailed(TaskError):
    """The checkpoint is incomplete, or the disk has no room to convert it."""


class EngineFailed(TaskError):
    """The process that generates text died or reported an error."""
