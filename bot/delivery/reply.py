"""The messages of one job in one conversation: posted once, edited as the text grows.

The journal has the timestamps of what was posted, so that another relay carries on in the same
messages. A relay that does not know whether a post arrived looks for it there before it posts.

With a `StreamPace` the last message grows by a native stream. That is only another way to show more
text in a message that is a message like any other: what a stream does not take, or may not have
taken, and every final message, is an edit after the stream's stop.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Journal
from bot.delivery.posted import metadata, parts_posted, stream_block_id
from bot.delivery.stream import Stream, fits, is_refusal, stop
from bot.errors import FollowedElsewhere
from bot.pace.stream_pace import StreamPace
from bot.slack.blocks import Post
from bot.slack.refusals import FAILURES, failure_of, reason_of
from tasks.broker.job import asker_of

log = logging.getLogger(__name__)


class Reply:
    """Keeps the job's messages at `destination` equal to a list of posts."""

    def __init__(
        self,
        client: AsyncWebClient,
        journal: Journal,
        destination: Destination,
        streams: StreamPace | None = None,
    ) -> None:
        self._client = client
        self._journal = journal
        self._destination = destination
        self._messages: list[str] = list(journal.get("messages", []))
        self._shown: dict[str, Post] = {}
        # A post that was begun and not confirmed in the journal may have arrived.
        self._uncertain = bool(journal.get("posting", False)) or journal.job.posts_in_doubt
        self._streams = streams
        self._stream: Stream | None = None
        # Slack streams into threads only. After the first failure this reply grows by edits.
        self._may_stream = bool(destination.thread_ts)

    @property
    def messages(self) -> tuple[str, ...]:
        """The timestamps of the messages, in their order."""
        return tuple(self._messages)

    @property
    def begun(self) -> bool:
        """Whether there is a message of this job, or may be."""
        return bool(self._messages) or self._uncertain

    @property
    def is_streaming(self) -> bool:
        """Whether the last message grows by a stream."""
        return self._stream is not None

    async def is_shown(self) -> bool:
        """Tell whether there is a message of this job, looking for one that may be there.

        Raises:
            SlackClientError: Slack refuses.
        """
        if self._uncertain:
            await self._find()
        return bool(self._messages)

    async def show(self, posts: Sequence[Post], *, state: str) -> None:
        """Post, edit and delete until exactly `posts` are shown of this job.

        `state` is the job's, for the metadata: it tells a finished answer from a running one.

        Raises:
            SlackClientError: Slack refuses.
        """
        if self._uncertain:
            await self._find()
        for index, post in enumerate(posts):
            if index < len(self._messages):
                await self._edit(index, post, state)
            else:
                await self._post(index, post, state)
        while len(self._messages) > len(posts):
            await self._delete(self._messages[-1])
            self._messages.pop()
            await self._write(posting=False)

    async def _edit(self, index: int, post: Post, state: str) -> None:
        ts = self._messages[index]
        ended = self._stream is not None and self._stream.ts == ts and self._stream.is_old
        if (self._shown.get(ts) == post and not ended) or await self._append(ts, post):
            return
        try:
            await self._update(ts, self._content(index, post, state))
        except SlackClientError as error:
            if failure_of(error).kind != "message_gone":
                raise
            del self._messages[index]
            await self._post(index, post, state)
            return
        self._shown[ts] = post

    async def _append(self, ts: str, post: Post) -> bool:
        """Let the stream of a message show `post`; where it cannot, stop it."""
        if self._stream is None or self._stream.ts != ts:
            return False
        if self._may_stream and self._stream.takes(post):
            try:
                await self._stream.append(post)
            except FAILURES as error:
                # The text may have arrived all the same: an edit replaces whatever is there.
                self._go_on_by_edits(error)
            else:
                self._shown[ts] = post
                return True
        await self._stop(self._stream)
        return False

    async def _update(self, ts: str, content: dict[str, Any]) -> None:
        channel = self._destination.channel
        try:
            await self._client.chat_update(channel=channel, ts=ts, **content)
        except SlackApiError as error:
            if reason_of(error) != "streaming_state_conflict":
                raise
            await stop(self._client, channel, ts)  # a stream of the relay before this one
            await self._client.chat_update(channel=channel, ts=ts, **content)

    async def _post(self, index: int, post: Post, state: str) -> None:
        await self._write(posting=True)
        self._uncertain = True
        ts = await self._start(index, post)
        if not ts:
            response = await self._client.chat_postMessage(
                channel=self._destination.channel,
                thread_ts=self._destination.thread_ts or None,
                **self._content(index, post, state),
            )
            ts = str(response["ts"])
        self._messages.insert(index, ts)
        self._shown[ts] = post
        self._uncertain = False
        try:
            await self._write(posting=False)
        except FollowedElsewhere:
            # It was under way for so long that another relay did not find it, and has its own.
            if ts not in await self._journal.messages_now():
                with suppress(*FAILURES):
                    await self._delete(ts)
            raise

    async def _start(self, index: int, post: Post) -> str:
        """Post a message that grows by a stream; empty where it cannot and nothing is posted."""
        job = self._journal.job
        if self._streams is None or not self._may_stream or not fits(post):
            return ""
        if not self._streams.begin(job.id):
            return ""
        block_id = stream_block_id(job.id, index)
        try:
            self._stream = await Stream.start(
                self._client, self._destination, job.destination, post, block_id
            )
        except FAILURES as error:
            self._streams.end(job.id)
            self._go_on_by_edits(error)
            if not is_refusal(error):
                raise
            return ""
        return self._stream.ts

    async def _stop(self, stream: Stream) -> None:
        await stop(self._client, self._destination.channel, stream.ts)
        self._stream = None
        if self._streams is not None:
            self._streams.end(self._journal.job.id)

    def _go_on_by_edits(self, error: Exception) -> None:
        self._may_stream = False
        log.info("job %s: goes on by edits: %s", self._journal.job.id, failure_of(error).reason)

    async def _delete(self, ts: str) -> None:
        channel = self._destination.channel
        if self._stream is not None and self._stream.ts == ts:
            await self._stop(self._stream)
        try:
            await self._client.chat_delete(channel=channel, ts=ts)
        except SlackClientError as error:
            if failure_of(error).kind == "message_gone":
                return
            if failure_of(error).reason != "cant_delete_message":
                raise
            await stop(self._client, channel, ts)  # a stream of the relay before this one
            await self._client.chat_delete(channel=channel, ts=ts)

    def _content(self, index: int, post: Post, state: str) -> dict[str, Any]:
        job = self._journal.job
        follows = job.asked.get("follows")
        about = {"follows": follows["how"], "of": follows["job"]} if follows else {}
        return {
            "text": post.text,
            "blocks": list(post.blocks),
            "metadata": metadata(
                job.id, part=index, state=state, asker=asker_of(job.destination), **about
            ),
        }

    async def _find(self) -> None:
        """Take over the messages that were posted although the journal does not have them.

        Of several that are the same part one stays.
        """
        surplus: list[str] = []
        try:
            parts = await parts_posted(self._client, self._destination, self._journal.job.id)
            known, self._messages = self._messages, []
            for part in sorted(parts):
                kept = next((ts for ts in parts[part] if ts in known), parts[part][0])
                self._messages.append(kept)
                surplus += [ts for ts in parts[part] if ts != kept]
        except SlackClientError as error:
            # The bot can post into a public channel whose messages it may not read.
            if failure_of(error).kind != "no_destination":
                raise
        self._uncertain = False
        await self._write(posting=False)
        for ts in surplus:
            await self._delete(ts)

    async def _write(self, *, posting: bool) -> None:
        await self._journal.write(messages=self._messages, posting=posting)
