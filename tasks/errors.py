"""Errors of the tasks package.

TaskError
├── BrokerAway      Redis or Valkey does not answer
├── SettingInvalid  a setting that cannot be what it is
├── NoSuchJob       a job id nobody knows
└── AlreadyRunning  a second `swallow up` on one home

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


class AlreadyRunning(TaskError):
    """Another `swallow up` holds this home."""
