"""Slack's own Stop: it cancels the answers of whoever pressed it, and the session goes on or rests.

Slack leaves a session processing until the app says otherwise
(https://docs.slack.dev/reference/events/agent_session_stopped).
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from redis.exceptions import RedisError

from bot.bot import Bot
from bot.i18n.lookup import say
from bot.questions.agent.session import open_in, set_status
from bot.slack.actor import Actor
from bot.slack.notify import notify_person

log = logging.getLogger(__name__)


async def stop(bot: Bot, event: Mapping[str, Any], team: str) -> None:
    """Cancel what a person asked in a thread; questions of others go on, which they are told."""
    channel, thread, user = (str(event.get(key) or "") for key in ("channel", "thread_ts", "user"))
    actor = Actor(user, team, channel, dm=channel.startswith("D"), thread_ts=thread)
    try:
        others = await asyncio.to_thread(_cancel, bot, channel, thread, user)
    except RedisError as error:
        log.warning("a session was not stopped: %s", type(error).__name__)
        language = await bot.language_for(user)
        await notify_person(bot.client, actor, say("act.broker_away", language))
        return
    status = "processing" if others else "active"
    await set_status(bot.client, bot.surface, channel, thread, status)
    if others:
        language = await bot.language_for(user)
        await notify_person(bot.client, actor, say("agent.not_yours", language))


def _cancel(bot: Bot, channel: str, thread: str, user: str) -> int:
    """Cancel a person's questions in a thread, and return how many of others' are open."""
    questions = open_in(bot.jobs, channel, thread)
    own = [id for id, asker in questions.items() if asker == user]
    for id in own:
        state = bot.jobs.cancel(id, user)
        log.info("job %s: its session was stopped while %s", id, state)
    return len(questions) - len(own)
