"""`/swallow-forget`: a person has what is kept of them removed, after a confirmation.

Everybody may, for themselves: who presses the button is forgotten. An admin's log has a line of it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from redis.exceptions import RedisError
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.admin_action import Action, can_be_logged, write_audit_line
from bot.background import Background
from bot.bot import Bot
from bot.i18n.lookup import LANGUAGES, Language, say
from bot.slack.actor import Actor
from bot.slack.blocks import Post, button, sentence
from bot.slack.notify import notify_person
from bot.slack.outgoing_text import escape
from tasks.privacy.forget import forget
from trainer.errors import NotWritable

FORGET_ACTION = "forget_me"
"""The button's action id; a language follows, because the button decides in which it is told."""


def register(app: AsyncApp, bot: Bot) -> None:
    """Register for the command and its button."""
    background = Background()

    async def ask(ack: AsyncAck, command: Mapping[str, Any]) -> None:
        posts = [_confirmation(language) for language in await _languages(bot, command)]
        await ack(
            text="\n\n".join(post.text for post in posts),
            blocks=[block for post in posts for block in post.blocks],
            response_type="ephemeral",
        )

    def pressed_in(language: Language) -> Any:
        async def pressed(ack: AsyncAck, body: Mapping[str, Any]) -> None:
            await ack()
            background.start(_forget(bot, Actor.of_press(body), language))

        return pressed

    app.command("/swallow-forget")(ask)
    for language in LANGUAGES:
        app.action(f"{FORGET_ACTION}_{language}")(pressed_in(language))


async def _languages(bot: Bot, command: Mapping[str, Any]) -> Sequence[Language]:
    """Return the person's language; both where neither Slack nor the command's words show it."""
    text, user = str(command.get("text") or "").strip(), str(command["user_id"])
    known = bot.settings.language or await bot.people.language(user)
    return [known or bot.language(text)] if known or text else LANGUAGES


def _confirmation(language: Language) -> Post:
    """Return what is removed and what stays, and the button, which carries the language on."""
    post = sentence(say("forget.ask", language))
    press = button(
        f"{FORGET_ACTION}_{language}", language, say("button.forget", language), style="danger"
    )
    return Post(post.text, (*post.blocks, {"type": "actions", "elements": [press]}))


async def _forget(bot: Bot, actor: Actor, language: Language) -> None:
    action = Action("forget", actor.user)
    if not await can_be_logged(bot, actor, language):
        return
    try:
        done = await asyncio.to_thread(
            partial(forget, bot.jobs, actor.user, actor.user, bot.task_settings.home)
        )
    except (RedisError, NotWritable) as error:
        # What was begun is done by the next try.
        await write_audit_line(bot, actor, action, "failed", type(error).__name__)
        key = "act.broker_away" if isinstance(error, RedisError) else "feedback.not_written"
        await notify_person(bot.client, actor, say(key, language))
        return
    await write_audit_line(bot, actor, action, "done", records=done.records)
    key = "forget.done" if done.records else "forget.nothing"
    counts = {"jobs": done.jobs, "turns": done.turns, "threads": done.threads, "rows": done.rows}
    text = say(key, language, **counts)
    if done.adapters:
        text += " " + say("feedback.adapters", language, names=escape(", ".join(done.adapters)))
    await notify_person(bot.client, actor, text)
