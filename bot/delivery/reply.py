"""The messages of one job in one destination: posted once, edited as the text grows.

What was posted is noted in the job's record, so that another relay carries on in the same messages.
A relay that does not know whether a message arrived looks for it there before it posts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Notes
from bot.questions.answer import Post
from bot.slack.refusals import GONE, reason_of

METADATA_TYPE = "swallow_job"


class Reply:
    """Keeps the job's messages in `destination` equal to a list of posts."""

    def __init__(self, client: AsyncWebClient, notes: Notes, destination: Destination) -> None:
        self._client = client
        self._notes = notes
        self._destination = destination
        self._messages: list[str] = list(notes.get("messages", []))
        self._shown: dict[str, Post] = {}
        # A post that was begun and not noted may have arrived.
        self._uncertain = bool(notes.get("posting", False))

    @property
    def messages(self) -> tuple[str, ...]:
        """The timestamps of the messages, in their order."""
        return tuple(self._messages)

    @property
    def begun(self) -> bool:
        """Whether there is a message of this job, or may have."""
        return bool(self._messages) or self._uncertain

    async def show(self, posts: Sequence[Post], *, state: str) -> None:
        """Post and edit until the destination shows `posts` and nothing more of this job.

        Raises:
            SlackApiError: Slack refuses.
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
            await self._note(posting=False)

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
        except SlackApiError as error:
            if reason_of(error) not in GONE:
                raise
            del self._messages[index]
            await self._post(index, post, state)
            return
        self._shown[ts] = post

    async def _post(self, index: int, post: Post, state: str) -> None:
        await self._note(posting=True)
        self._uncertain = True
        response = await self._client.chat_postMessage(
            channel=self._destination.channel,
            thread_ts=self._destination.thread_ts or None,
            unfurl_links=False,
            unfurl_media=False,
            **self._content(index, post, state),
        )
        ts = str(response["ts"])
        self._messages.insert(index, ts)
        self._shown[ts] = post
        self._uncertain = False
        await self._note(posting=False)

    async def _delete(self, ts: str) -> None:
        try:
            await self._client.chat_delete(channel=self._destination.channel, ts=ts)
        except SlackApiError as error:
            if reason_of(error) not in GONE:
                raise

    def _content(self, index: int, post: Post, state: str) -> dict[str, Any]:
        payload = {"job": self._notes.job.id, "part": index, "state": state}
        return {
            "text": post.text,
            "blocks": list(post.blocks),
            "parse": "none",
            "link_names": False,
            "metadata": {"event_type": METADATA_TYPE, "event_payload": payload},
        }

    async def _find(self) -> None:
        """Look for the messages of this job."""
        found: dict[int, str] = {}
        pages = await self._destination.pages(self._client)
        async for page in pages:
            for message in page["messages"]:
                payload = payload_of(message)
                if payload.get("job") == self._notes.job.id and "part" in payload:
                    found[int(payload["part"])] = str(message["ts"])
        self._messages = [found[index] for index in sorted(found)]
        self._uncertain = False
        await self._note(posting=False)

    async def _note(self, *, posting: bool) -> None:
        await self._notes.put(messages=self._messages, posting=posting)


def payload_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the bot noted in a message of its own about the job, or nothing."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_TYPE:
        return {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return payload
