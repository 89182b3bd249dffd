"""An admin's act at the terminal: it leaves its line in the audit log, or it is not done.

The same rule as `bot/admin_action.py` has for Slack. Light to import, as the commands
that use it are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from click import Abort

if TYPE_CHECKING:
    from tasks.audit import Outcome


@dataclass
class Act:
    """What is done to what, in the words of the audit log; the body may correct it."""

    name: str
    target: str = ""
    outcome: "Outcome" = "done"


@contextmanager
def admin_act(name: str, target: str = "") -> Iterator[Act]:
    """Make sure of the audit log, then let the body act, then write what came of it.

    Raises:
        AuditUnwritable: the log cannot be written. Before the body it is not begun.
    """
    from trainer.errors import AdapterRefused

    act = Act(name, target)
    _check()
    try:
        yield act
    except Abort:  # the operator said no
        raise
    except AdapterRefused as error:
        act.outcome = "refused"
        _write(act, str(error))
        raise
    except Exception as error:
        # Part of it may be done.
        act.outcome = "failed"
        _write(act, _reason(error))
        raise
    _write(act)


def record_start(name: str, target: str) -> None:
    """Write the line of something that is about to start and whose end this process may not see.

    Raises:
        AuditUnwritable: the log cannot be written.
    """
    _check()
    _write(Act(name, target))


def _reason(error: Exception) -> str:
    from tasks.errors import TaskError
    from trainer.errors import TrainerError

    return str(error) if isinstance(error, TaskError | TrainerError) else type(error).__name__


def _check() -> None:
    from tasks.audit import Audit
    from tasks.errors import AuditUnwritable
    from tasks.settings import settings

    audit = Audit(settings().home)
    try:
        audit.check()
    except OSError as error:
        raise AuditUnwritable(
            f"Nothing was done, because {audit.file} cannot be written ({error.strerror}) "
            "and every act of an admin is recorded there."
        ) from error


def _write(act: Act, reason: str = "") -> None:
    from tasks.audit import Audit, operator
    from tasks.errors import AuditUnwritable
    from tasks.settings import settings

    audit = Audit(settings().home)
    try:
        audit.write(
            who=operator(),
            action=act.name,
            target=act.target,
            outcome=act.outcome,
            reason=reason,
        )
    except OSError as error:
        raise AuditUnwritable(
            f"{act.name} {act.target} ({act.outcome}) could not be recorded in {audit.file} "
            f"({error.strerror})."
        ) from error
