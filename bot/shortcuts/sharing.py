"""*Share in the thread*: the answer of a shortcut is posted where its message is, once.

Sharing is a job of its own, which needs no worker: its id is derived from the answer's, so that a
second press is the same, and what was begun is completed whichever bot dies.
"""

from bot.errors import CannotAct
from bot.i18n.lookup import Language
from bot.shortcuts.views import Sharing
from tasks.broker.job import Job, JobState, asker_of
from tasks.broker.job_id import job_id
from tasks.broker.jobs import Jobs


def share(jobs: Jobs, user: str, id: str, language: Language) -> bool:
    """Store that `user` shares the answer of job `id`; False where it is shared already.

    `language` is that of what all see there. Called off the event loop. Raises:
        CannotAct: the answer is somebody else's, or not on record any more.
        RedisError: the broker is away.
    """
    job = jobs.get(id)
    if job is None or "shortcut" not in job.asked or job.state != "finished":
        raise CannotAct("share.gone")
    if asker_of(job.destination) != user:
        raise CannotAct("follow_up.not_yours")
    new, before = _newest(jobs, job)
    if before is not None:
        return False
    where = {key: part for key, part in job.destination.items() if key != "form"}
    asked = {"text": "", "files": [], "language": language, "share": id}
    jobs.create(new, "answer", destination={**where, "shares": id}, asked=asked, adapter="")
    return True


def sharing_of(jobs: Jobs, job: Job) -> Sharing:
    """Tell whether an answer is shared, or will be; raises RedisError where the broker is away."""
    _, state = _newest(jobs, job)
    return "offered" if state is None else "shared"


def _newest(jobs: Jobs, job: Job) -> tuple[str, JobState | None]:
    """Return the id to share an answer under, and its job; one that failed is done anew."""
    number = 0
    while True:
        id = job_id(job.id, "share", str(job.revision), str(number))
        state = next(iter(jobs.states([id])), None)
        if state is None or state.state != "failed":
            return id, state
        number += 1
