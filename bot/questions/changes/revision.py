"""A question that its asker edits or deletes: it is asked anew, or withdrawn.

An edit that takes the mention of the bot away withdraws it too.

Slack also reports a change where only the thread under a message grew or a link got its preview:
the texts are compared. A message with replies is not deleted in Slack but replaced by a tombstone.
Events come in any order and more than once: an edit counts if none that was made later has come,
and a question that is withdrawn stays so.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from bot.bot import Bot
from bot.questions.arrival import (
    asked_in,
    destination_of,
    is_from_a_person,
    is_to_someone_else,
    mentions,
    store,
)
from bot.questions.changes.follow_up import followed_before, followed_by
from tasks.broker.job import forgotten_words
from tasks.broker.job_id import job_id

log = logging.getLogger(__name__)

EDIT_SECONDS = 60.0
"""An edit so long after the question starts its answer over; a later one changes nothing."""


def take_change(bot: Bot, event: Mapping[str, Any], team: str) -> None:
    """Take what Slack reports of a changed message; called off the event loop.

    Raises:
        RedisError: the broker is away.
    """
    message, before = event.get("message") or {}, event.get("previous_message") or {}
    if message.get("subtype") == "tombstone":
        take_deletion(bot, event, team)
    elif is_from_a_person(message) and message.get("text") != before.get("text"):
        _take_edit(bot, event, message, team)


def take_deletion(bot: Bot, event: Mapping[str, Any], team: str) -> None:
    """Withdraw the question that was deleted, if it was one; raises as `take_change`."""
    before = event.get("previous_message") or {}
    if not is_from_a_person(before):
        return
    ts, channel = str(before.get("ts") or event.get("deleted_ts") or ""), str(event["channel"])
    text = str(before.get("text") or "")
    # One that is not here yet may still come: an event that was not taken is delivered again.
    asks = _asks(bot, before, dm=event.get("channel_type") == "im")
    id = job_id(team, channel, ts)
    left = forgotten_words(bot.language(text))
    if bot.jobs.withdraw(id, left, str(before["user"]), remember=asks):
        log.info("job %s: its question was deleted", id)
    _withdraw(bot, followed_by(bot.jobs, id), left, str(before["user"]))


def _take_edit(bot: Bot, event: Mapping[str, Any], message: Mapping[str, Any], team: str) -> None:
    at = str((message.get("edited") or {}).get("ts") or "")
    if not _is_soon(str(message["ts"]), at):
        return
    dm = event.get("channel_type") == "im"
    destination = destination_of(message, team=team, channel=str(event["channel"]), dm=dm)
    asked = {**asked_in(bot, message), "edited": at}
    id = job_id(team, destination["channel"], destination["ts"])
    if not _asks(bot, message, dm=dm):
        left = {**forgotten_words(asked["language"]), "edited": at}
        if bot.jobs.withdraw(id, left, destination["user"], edited=at):
            log.info("job %s: its question was edited and asks nothing any more", id)
    elif bot.jobs.revise(id, asked, at):
        log.info("job %s: its question was edited", id)
    else:
        # The edit came before the question, or has made one of what was none.
        only_in_thread = not dm and not mentions(bot, asked["text"])
        store(bot, destination, asked, only_in_thread=only_in_thread)
    # Also where the edit was taken before: perhaps no further than this.
    left = forgotten_words(asked["language"])
    _withdraw(bot, followed_before(bot.jobs, id), left, destination["user"])


def _withdraw(bot: Bot, ids: Iterable[str], left: Mapping[str, Any], by: str) -> None:
    """Withdraw what was asked of an answer."""
    for following in list(ids):
        bot.jobs.withdraw(following, left, by)


def _asks(bot: Bot, message: Mapping[str, Any], *, dm: bool) -> bool:
    """Tell whether a message may be a question; in a thread, where the bot takes part."""
    if dm or mentions(bot, str(message.get("text") or "")):
        return True
    is_reply = message.get("thread_ts") not in (None, "", message["ts"])
    return is_reply and not is_to_someone_else(bot, message)


def _is_soon(asked_at: str, edited_at: str) -> bool:
    try:
        return 0 <= float(edited_at) - float(asked_at) <= EDIT_SECONDS
    except ValueError:
        return False
