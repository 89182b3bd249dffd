"""Telling a person, or a whole channel, what came of a command or a pressed button.

Tried in this order: the command's `response_url`, a message of the bot in the channel, a direct
message. Nothing is tried twice here.
"""

import logging
from collections.abc import Sequence
from typing import Any, Literal

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.actor import Actor
from bot.slack.blocks import Post, sentence
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)


async def acknowledge_with(ack: AsyncAck, text: str) -> None:
    """Acknowledge a command with a sentence that only its person sees."""
    post = sentence(text)
    await ack(text=post.text, blocks=list(post.blocks), response_type="ephemeral")


async def notify_person(
    client: AsyncWebClient, actor: Actor, text: str, more: Sequence[dict[str, Any]] = ()
) -> None:
    """Tell `actor` alone, with `more` blocks below the text; a failure is logged."""
    try:
        await tell_person(client, actor, text, more)
    except FAILURES as error:
        _log_unreached(error)


async def tell_person(
    client: AsyncWebClient, actor: Actor, text: str, more: Sequence[dict[str, Any]] = ()
) -> None:
    """Tell `actor` alone as `notify_person` does; raises one of `FAILURES` where nothing reaches
    them."""
    post = sentence(text)
    post = Post(post.text, (*post.blocks, *more))
    if await _respond(client, actor, post, "ephemeral"):
        return
    if not actor.channel:
        await _send_directly(client, actor, post)
        return
    try:
        await client.chat_postEphemeral(
            channel=actor.channel,
            user=actor.user,
            thread_ts=actor.thread_ts or None,
            text=post.text,
            blocks=list(post.blocks),
        )
    except FAILURES:
        await _send_directly(client, actor, post)


async def notify_channel(client: AsyncWebClient, actor: Actor, text: str) -> None:
    """Tell everybody in the channel where `actor` is; a failure is logged."""
    post = sentence(text)
    if await _respond(client, actor, post, "in_channel"):
        return
    try:
        if not actor.channel:  # pressed in the Home tab
            await _send_directly(client, actor, post)
            return
        try:
            await client.chat_postMessage(
                channel=actor.channel, text=post.text, blocks=list(post.blocks)
            )
        except FAILURES:
            await _send_directly(client, actor, post)
    except FAILURES as error:
        _log_unreached(error)


async def direct_channel(client: AsyncWebClient, user: str) -> str:
    """Return the channel of a person's direct messages with the bot.

    Raises:
        SlackClientError: Slack refuses, as for somebody who has left.
    """
    opened = await client.conversations_open(users=user)
    return str(opened["channel"]["id"])


async def _send_directly(client: AsyncWebClient, actor: Actor, post: Post) -> None:
    channel = await direct_channel(client, actor.user)
    await client.chat_postMessage(channel=channel, text=post.text, blocks=list(post.blocks))


def _log_unreached(error: Exception) -> None:
    log.error("a notice reached nobody: %s", failure_of(error).reason)


async def _respond(
    client: AsyncWebClient, actor: Actor, post: Post, kind: Literal["ephemeral", "in_channel"]
) -> bool:
    """Use the `response_url`; False where there is none or Slack no longer takes it."""
    if not actor.response_url:
        return False
    respond = AsyncRespond(response_url=actor.response_url, proxy=client.proxy, ssl=client.ssl)
    try:
        answer = await respond(
            text=post.text,
            blocks=list(post.blocks),
            response_type=kind,
            thread_ts=(kind == "ephemeral" and actor.thread_ts) or None,
            replace_original=False,
            unfurl_links=False,
            unfurl_media=False,
        )
    except FAILURES as error:
        log.warning("a response was not taken: %s", failure_of(error).reason)
        return False
    return answer.status_code == 200
