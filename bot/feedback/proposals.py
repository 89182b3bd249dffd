"""What anybody may do: rate an answer, correct it, teach one, and take back what is one's own.

Every function is called off the event loop, reads who acts and about what from the broker, and says
with CannotAct what does not work. Nothing here is decided about: rows are only proposed.
"""

import asyncio
from dataclasses import dataclass

from bot.bot import Bot
from bot.errors import CannotAct
from bot.feedback.answered import Answered, answered
from bot.feedback.forms import Texts, restored
from bot.slack.actor import Actor
from tasks.asking.channels import Channels
from tasks.feedback import removal
from tasks.feedback.drafts import Draft, Drafts
from tasks.feedback.row import FeedbackRow, RowKind, row_id
from tasks.feedback.store import Feedback


def require_feedback(bot: Bot, actor: Actor) -> None:
    """Return where feedback may be collected.

    Raises:
        CannotAct: the operator has not said so, or the bot does not serve the channel.
    """
    if bot.task_settings.feedback != "on":
        raise CannotAct("feedback.off")
    if not bot.settings.answers_in(actor.channel, dm=actor.dm):
        raise CannotAct("feedback.channel")


async def require_giver(bot: Bot, actor: Actor) -> None:
    """Return where `actor` is somebody whose feedback and votes are taken.

    Raises:
        CannotAct: they are not, or Slack does not say who they are.
        RedisError: the broker is away.
    """
    own = await asyncio.to_thread(Channels(bot.jobs.redis).get, actor.channel)
    await bot.askers.check_feedback(actor.user, own)


def rate(bot: Bot, actor: Actor, job: str, at: str, *, good: bool) -> str:
    """Propose an answer as liked, or take that back; returns the key of what came of it.

    `at` is when it was pressed: of several presses the last one counts, in whatever order they
    come. Empty where this one does not count.

    Raises:
        CannotAct: the answer cannot be rated, or its row was decided about.
        FeedbackRefused: it is too long.
        RedisError: the broker is away.
    """
    require_feedback(bot, actor)
    feedback = Feedback(bot.jobs.redis)
    id = row_id(job, actor.user, "liked")
    if not good:
        pressed = feedback.unlike(id, at)
        if pressed == "overtaken":
            return ""
        removed = pressed == "removed" or _remove_approved(bot, id, actor)
        return "feedback.not_liked_any_more" if removed else "feedback.noted"
    about = answered(bot, job, actor)
    row = _row(id, "liked", actor, about, Texts(about.instruction, about.input, about.answer))
    pressed = feedback.like(row, at)
    if pressed == "kept":
        raise CannotAct("feedback.approved_already")
    return "" if pressed == "overtaken" else "feedback.liked"


@dataclass(frozen=True)
class Opened:
    """A form to open: the id of its draft and what it shows."""

    draft: str
    texts: Texts


def begin_correction(bot: Bot, actor: Actor, job: str) -> Opened:
    """Begin to correct an answer; raises what `rate` does."""
    require_feedback(bot, actor)
    about = answered(bot, job, actor)
    draft = Draft(
        actor.user,
        about.language,
        about.channel,
        thread_ts=actor.thread_ts,
        job=job,
        others=_others(actor, about.asker, *about.others),
        revision=about.revision,
    )
    id = Drafts(bot.jobs.redis).keep(draft)
    return Opened(id, Texts(about.instruction, about.input, about.answer))


def propose_correction(bot: Bot, actor: Actor, draft: str, texts: Texts, call: str) -> FeedbackRow:
    """Propose what was written in the form of `draft`; a liked row about the answer goes.

    `call` is the form's own id, by which a repeated submission is known.

    Raises:
        CannotAct: the form is not theirs or too old, nothing was changed, or the row is decided.
        FeedbackRefused: a text is too long.
        RedisError: the broker is away.
    """
    opened = _draft(bot, actor, draft)
    if not opened.job:  # the draft of the other form
        raise CannotAct("feedback.late")
    actor = where(actor, opened)
    require_feedback(bot, actor)
    about = answered(bot, opened.job, actor)
    if about.revision != opened.revision:
        raise CannotAct("feedback.gone")
    texts = restored(texts, Texts(about.instruction, about.input, about.answer))
    if texts.output == about.answer:
        raise CannotAct("feedback.unchanged")
    id = row_id(opened.job, actor.user, "correction")
    row = _row(id, "correction", actor, about, texts, rejected=about.answer)
    if not Feedback(bot.jobs.redis).propose(row, call=call):
        raise CannotAct("feedback.approved_already")
    _withdraw(bot, row_id(opened.job, actor.user, "liked"), actor)
    return row


def begin_lesson(bot: Bot, actor: Actor, ts: str, others: tuple[str, ...], language: str) -> str:
    """Begin to teach the message at `ts`; returns the id of the form's draft.

    Raises:
        CannotAct: feedback is not collected here.
        RedisError: the broker is away.
    """
    require_feedback(bot, actor)
    draft = Draft(
        actor.user,
        language,
        actor.channel,
        thread_ts=actor.thread_ts,
        ts=ts,
        others=_others(actor, *others),
    )
    return Drafts(bot.jobs.redis).keep(draft)


def propose_lesson(bot: Bot, actor: Actor, draft: str, texts: Texts, call: str) -> FeedbackRow:
    """Propose what was written in the form of `draft`; raises as `propose_correction`."""
    opened = _draft(bot, actor, draft)
    if not opened.ts:
        raise CannotAct("feedback.late")
    actor = where(actor, opened)
    require_feedback(bot, actor)
    row = FeedbackRow(
        id=row_id(opened.channel, opened.ts, actor.user, "taught"),
        kind="taught",
        instruction=texts.instruction,
        input=texts.input,
        output=texts.output,
        author=actor.user,
        channel=opened.channel,
        others=opened.others,
    )
    if not Feedback(bot.jobs.redis).propose(row, call=call):
        raise CannotAct("feedback.approved_already")
    return row


def remove_own(bot: Bot, actor: Actor, id: str) -> removal.Removal:
    """Remove a row of the person's own, whether it was decided about or not.

    Raises:
        CannotAct: it is gone, or somebody else's.
        NotWritable: a file that carries it cannot be changed.
        RedisError: the broker is away.
    """
    row = Feedback(bot.jobs.redis).get(id)
    if row is None or row.author != actor.user:
        raise CannotAct("feedback.no_row")
    return removal.remove(bot.jobs, [id], bot.task_settings.home, actor.user)


def opened_by(bot: Bot, actor: Actor, draft: str) -> Draft | None:
    """Return what a person's form is about; None where it is not theirs, or too old."""
    return Drafts(bot.jobs.redis).get(draft, actor.user)


def where(actor: Actor, opened: Draft) -> Actor:
    """Return who submits a form, in the channel in which it was opened: a form has none."""
    dm = opened.channel.startswith("D")
    return Actor(actor.user, actor.team, opened.channel, dm, thread_ts=opened.thread_ts)


def _draft(bot: Bot, actor: Actor, draft: str) -> Draft:
    opened = opened_by(bot, actor, draft)
    if opened is None:
        raise CannotAct("feedback.late")
    return opened


def _withdraw(bot: Bot, id: str, actor: Actor) -> bool:
    """Remove a row of the person's own, also an approved one; False where there is none."""
    # One that is only proposed is in no file.
    refused = Feedback(bot.jobs.redis).refuse([id])
    return bool(refused) or _remove_approved(bot, id, actor)


def _remove_approved(bot: Bot, id: str, actor: Actor) -> bool:
    row = Feedback(bot.jobs.redis).get(id)
    if row is None or row.state != "approved":
        return False
    return bool(removal.remove(bot.jobs, [id], bot.task_settings.home, actor.user).ids)


def _row(
    id: str, kind: RowKind, actor: Actor, about: Answered, texts: Texts, *, rejected: str = ""
) -> FeedbackRow:
    return FeedbackRow(
        id=id,
        kind=kind,
        instruction=texts.instruction,
        input=texts.input,
        output=texts.output,
        rejected=rejected,
        author=actor.user,
        channel=about.channel,
        job=about.job,
        others=_others(actor, about.asker, *about.others),
    )


def _others(actor: Actor, *people: str) -> tuple[str, ...]:
    return tuple(sorted({person for person in people if person not in ("", "-", actor.user)}))
