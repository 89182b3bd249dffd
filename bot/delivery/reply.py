"""The messages of one job in one conversation: posted once, edited as the text grows.

The journal has the timestamps of what was posted, so that another relay carries on in the same
messages. A relay that does not know whether a post arrived looks for it there before it posts.
"""

from collections.abc import Sequence
from typing import Any

from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Journal
from bot.delivery.posted import metadata, parts_posted
from bot.slack.blocks import Post
from bot.slack.refusals import failure_of
from tasks.broker.job import asker_of


class Reply:
    """Keeps the job's messages at `destination` equal to a list of posts."""

    def __init__(self, client: AsyncWebClient, journal: Journal, destination: Destination) -> None:
        self._client = client
        self._journal = journal
        self._destination = destination
        self._messages: list[str] = list(journal.get("messages", []))
        self._shown: dict[str, Post] = {}
        # A post that was begun and not confirmed in the journal may have arrived.
        self._uncertain = bool(journal.get("posting", False)) or journal.job.posts_in_doubt

    @property
    def messages(self) -> tuple[str, ...]:
        """The timestamps of the messages, in their order."""
        return tuple(self._messages)

    @property
    def begun(self) -> bool:
        """Whether there is a message of this job, or may be."""
        return bool(self._messages) or self._uncertain

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
        if self._shown.get(ts) == post:
            return
        try:
            await self._client.chat_update(
                channel=self._destination.channel,
                ts=ts,
                **self._content(index, post, state),
            )
        except SlackClientError as error:
            if failure_of(error).kind != "message_gone":
                raise
            del self._messages[index]
            await self._post(index, post, state)
            return
        self._shown[ts] = post

    async def _post(self, index: int, post: Post, state: str) -> None:
        await self._write(posting=True)
        self._uncertain = True
        response = await self._client.chat_postMessage(
            channel=self._destination.channel,
            thread_ts=self._destination.thread_ts or None,
            **self._content(index, post, state),
        )
        ts = str(response["ts"])
        self._messages.insert(index, ts)
        self._shown[ts] = post
        self._uncertain = False
        await self._write(posting=False)

    async def _delete(self, ts: str) -> None:
        try:
            await self._client.chat_delete(channel=self._destination.channel, ts=ts)
        except SlackClientError as error:
            if failure_of(error).kind != "message_gone":
                raise

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
        """Take over the messages that were posted although the journal does not have them."""
        try:
            parts = await parts_posted(self._client, self._destination, self._journal.job.id)
            self._messages = [parts[part] for part in sorted(parts)]
        except SlackClientError as error:
            # The bot can post into a public channel whose messages it may not read.
            if failure_of(error).kind != "no_destination":
                raise
        self._uncertain = False
        await self._write(posting=False)

    async def _write(self, *, posting: bool) -> None:
        await self._journal.write(messages=self._messages, posting=posting)
