"""The messages of one job in one thread: posted once, edited as the text grows.

What was posted is noted in the job's record, so that another relay carries on in the same messages.
A relay that does not know whether a message arrived looks for it in the thread before it posts.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.render import Post
from tasks.jobs import Job, Jobs

log = logging.getLogger(__name__)

METADATA_TYPE = "swallow_job"

# Answers of Slack that no retry changes: nobody can be told there any more.
HOPELESS = {
    "channel_not_found",
    "is_archived",
    "not_in_channel",
    "thread_not_found",
    "account_inactive",
    "invalid_auth",
    "token_revoked",
    "restricted_action",
    "cannot_reply_to_message",
}
PASSING = (aiohttp.ClientError, OSError, TimeoutError)
"""What a call raises when Slack cannot be reached, or its answer got lost."""

GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}
"""The message cannot be edited: a person deleted it, so the text goes into a new one."""


class Reply:
    """Keeps the thread's messages equal to a list of posts."""

    def __init__(self, client: AsyncWebClient, jobs: Jobs, job: Job) -> None:
        self._client = client
        self._jobs = jobs
        self._job = job
        self._messages: list[str] = list(job.posts.get("messages", []))
        self._shown: dict[str, Post] = {}
        # A post that was begun and not noted may have arrived.
        self._uncertain = bool(job.posts.get("posting"))

    @property
    def begun(self) -> bool:
        """Whether the thread has a message of this job, or may have."""
        return bool(self._messages) or self._uncertain

    async def show(self, posts: Sequence[Post], *, state: str) -> None:
        """Post and edit until the thread shows `posts` and nothing more of this job.

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
                channel=self._job.place["channel"],
                ts=ts,
                **self._content(index, post, state),
            )
        except SlackApiError as error:
            if error.response.get("error") not in GONE:
                raise
            del self._messages[index]
            await self._post(index, post, state)
            return
        self._shown[ts] = post

    async def _post(self, index: int, post: Post, state: str) -> None:
        await self._note(posting=True)
        self._uncertain = True
        response = await self._client.chat_postMessage(
            channel=self._job.place["channel"],
            thread_ts=self._job.place["thread_ts"],
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
            await self._client.chat_delete(channel=self._job.place["channel"], ts=ts)
        except SlackApiError as error:
            if error.response.get("error") not in GONE:
                raise

    def _content(self, index: int, post: Post, state: str) -> dict[str, Any]:
        payload = {"job": self._job.id, "part": index, "state": state}
        return {
            "text": post.text,
            "blocks": list(post.blocks),
            "parse": "none",
            "link_names": False,
            "metadata": {"event_type": METADATA_TYPE, "event_payload": payload},
        }

    async def _find(self) -> None:
        """Look in the thread for the messages of this job."""
        found: dict[int, str] = {}
        pages = await self._client.conversations_replies(
            channel=self._job.place["channel"],
            ts=self._job.place["thread_ts"],
            oldest=self._job.place["ts"],
            limit=200,
            include_all_metadata=True,
        )
        async for page in pages:
            for message in page["messages"]:
                payload = payload_of(message)
                if payload.get("job") == self._job.id:
                    found[int(payload.get("part", 0))] = str(message["ts"])
        self._messages = [found[index] for index in sorted(found)]
        self._uncertain = False
        await self._note(posting=False)

    async def _note(self, *, posting: bool) -> None:
        noted = {"messages": self._messages, "posting": posting}
        await asyncio.to_thread(self._jobs.remember_posts, self._job.id, noted)


def payload_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the bot noted in a message of its own about the job, or nothing."""
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_TYPE:
        return {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return payload
