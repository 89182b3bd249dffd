"""Telling a person, or everybody in the channel, what came of a command or a pressed button.

Through the `response_url` while it is good, else with the bot's token, else in a direct message.
"""

import logging
from typing import Literal

from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.questions.answer import Post, sentence
from bot.slack.actor import Actor
from bot.slack.refusals import PASSING, reason_of

log = logging.getLogger(__name__)


async def whisper(client: AsyncWebClient, actor: Actor, text: str) -> None:
    """Tell `actor` alone."""
    post = sentence(text)
    if await _respond(client, actor, post, "ephemeral"):
        return
    try:
        await client.chat_postEphemeral(
            channel=actor.channel, user=actor.user, text=post.text, blocks=list(post.blocks)
        )
    except (SlackApiError, *PASSING):
        await _tell_directly(client, actor, post)


async def announce(client: AsyncWebClient, actor: Actor, text: str) -> None:
    """Tell everybody where `actor` is."""
    post = sentence(text)
    if await _respond(client, actor, post, "in_channel"):
        return
    try:
        await client.chat_postMessage(
            channel=actor.channel, text=post.text, blocks=list(post.blocks), unfurl_links=False
        )
    except (SlackApiError, *PASSING):
        await _tell_directly(client, actor, post)


async def direct_channel(client: AsyncWebClient, user: str) -> str:
    """Return the channel of a person's direct messages with the bot.

    Raises:
        SlackApiError: Slack refuses, as for somebody who has left.
    """
    opened = await client.conversations_open(users=user)
    return str(opened["channel"]["id"])


async def _tell_directly(client: AsyncWebClient, actor: Actor, post: Post) -> None:
    try:
        channel = await direct_channel(client, actor.user)
        await client.chat_postMessage(channel=channel, text=post.text, blocks=list(post.blocks))
    except SlackApiError as error:
        log.error("nobody could be told: %s", reason_of(error))
    except PASSING as error:
        log.error("nobody could be told: %s", type(error).__name__)


async def _respond(
    client: AsyncWebClient, actor: Actor, post: Post, kind: Literal["ephemeral", "in_channel"]
) -> bool:
    """Use the `response_url`; False where there is none or it is used up."""
    if not actor.response_url:
        return False
    respond = AsyncRespond(response_url=actor.response_url, proxy=client.proxy, ssl=client.ssl)
    try:
        answer = await respond(
            text=post.text,
            blocks=list(post.blocks),
            response_type=kind,
            replace_original=False,
            unfurl_links=False,
        )
    except (SlackClientError, *PASSING) as error:
        log.warning("a response was not taken: %s", type(error).__name__)
        return False
    return answer.status_code == 200
