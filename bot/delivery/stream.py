"""One message that grows by Slack's native stream, while it may.

A stream is bound to its message. It takes no metadata at its start, and can be neither edited nor
deleted before it is stopped; the app's next process can stop it too. Slack ends it some 300 seconds
after its start, also while text comes, and refuses text above some 10,600 bytes of UTF-8 in all
(both measured by others: python-slack-sdk's issue 1859, and bots that met the limits). Knows
nothing of what follows a stream.
"""

import time
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.slack.blocks import Post
from bot.slack.refusals import failure_of

MAX_SECONDS = 240.0
"""A stream takes text for so long; well below Slack's own limit."""
MAX_BYTES = 9_000
"""The most text of a stream, in UTF-8; well below Slack's own limit."""


class Stream:
    """A stream that was started: its message, and what that shows."""

    def __init__(self, client: AsyncWebClient, channel: str, ts: str, shown: str) -> None:
        self._client = client
        self._channel = channel
        self._shown = shown
        self._until = time.monotonic() + MAX_SECONDS
        self.ts = ts

    @classmethod
    async def start(
        cls,
        client: AsyncWebClient,
        destination: Destination,
        recipient: Mapping[str, Any],
        post: Post,
        block_id: str,
    ) -> "Stream":
        """Post a message that shows what of `post` grows, and its last block as `block_id`.

        Slack wants to know the recipient, `team` and `user`, wherever others may read along.

        Raises:
            SlackClientError: Slack refuses; then nothing is posted.
        """
        # Opened by chunks, because a stream that was opened by text takes nothing else.
        blocks = {"type": "blocks", "blocks": [{**post.blocks[-1], "block_id": block_id}]}
        response = await client.chat_startStream(
            channel=destination.channel,
            thread_ts=destination.thread_ts,
            recipient_team_id=str(recipient["team"]),
            recipient_user_id=str(recipient["user"]),
            chunks=[blocks, _text(post.growing)],
        )
        return cls(client, destination.channel, str(response["ts"]), post.growing)

    @property
    def is_old(self) -> bool:
        """Whether it is time to stop: one that Slack itself ends looks broken until an edit."""
        return time.monotonic() >= self._until

    def takes(self, post: Post) -> bool:
        """Whether the stream can go on to show `post`: it cannot take back what it shows."""
        return post.growing.startswith(self._shown) and fits(post) and not self.is_old

    async def append(self, post: Post) -> None:
        """Show what `post` has more.

        Raises:
            SlackClientError: Slack refuses.
        """
        more = post.growing.removeprefix(self._shown)
        if more.strip():  # Slack takes no blank text, and drops blanks between two chunks
            await self._client.chat_appendStream(
                channel=self._channel, ts=self.ts, chunks=[_text(more)]
            )
            self._shown = post.growing


def fits(post: Post) -> bool:
    """Whether a stream can show `post` at all."""
    return bool(post.growing.strip()) and len(post.growing.encode()) <= MAX_BYTES


def is_refusal(error: Exception) -> bool:
    """Whether Slack says that it has not started a stream, and not merely that something failed."""
    failure = failure_of(error)
    return failure.answered and (failure.kind != "passing" or failure.reason == "ratelimited")


async def stop(client: AsyncWebClient, channel: str, ts: str) -> None:
    """Stop the stream of a message, whoever started it; one that has ended is left as it is.

    Raises:
        SlackClientError: it may be open still.
    """
    try:
        await client.chat_stopStream(channel=channel, ts=ts)
    except SlackApiError as error:
        if failure_of(error).kind in ("passing", "no_access"):
            raise


def _text(text: str) -> dict[str, str]:
    return {"type": "markdown_text", "text": text}
