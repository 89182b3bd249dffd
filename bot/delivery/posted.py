"""Is it posted already? Looks for a job's messages among those at its destination.

Each post carries metadata that names its job; a stream, whose start takes no metadata, carries it
in the id of its buttons' block until its final edit. After a crash, or a call whose answer got
lost, the bot looks for it before it posts again. Does not post and does not remember anything.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination

METADATA_TYPE = "swallow_job"

STREAM_BLOCK = "swallow_stream"

Message = Mapping[str, Any]


def metadata(job: str, **about: Any) -> dict[str, Any]:
    """Return the metadata of a message of `job`; `about` tells it from the job's other messages."""
    return {"event_type": METADATA_TYPE, "event_payload": {"job": job, **about}}


def stream_block_id(job: str, part: int) -> str:
    """Return the id of a block by which a stream is found that shows this part of `job`'s reply."""
    return f"{STREAM_BLOCK}:{job}:{part}"


def payload_of(message: Message) -> Mapping[str, Any]:
    """Return what the metadata of a message says about its job; empty for messages of others.

    Of a stream that has not got its final edit, its `job` and `part`.
    """
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_TYPE:
        return _of_stream(message)
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return payload


def _of_stream(message: Message) -> Mapping[str, Any]:
    for block in message.get("blocks") or ():
        name, *about = str(block.get("block_id") or "").split(":")
        if name == STREAM_BLOCK and len(about) == 2 and about[1].isdecimal():
            return {"job": about[0], "part": int(about[1])}
    return {}


async def is_posted(
    client: AsyncWebClient, destination: Destination, matches: Callable[[Message], bool]
) -> bool:
    """Tell whether a message that `matches` was posted since the job was asked; see `find`."""
    return bool(await find(client, destination, matches))


async def find(
    client: AsyncWebClient, destination: Destination, matches: Callable[[Message], bool]
) -> str:
    """Return the timestamp of the first message that `matches`; empty where there is none.

    Raises:
        SlackClientError: Slack refuses.
    """
    async for page in await _pages(client, destination):
        for message in filter(matches, page["messages"]):
            return str(message["ts"])
    return ""


async def parts_posted(
    client: AsyncWebClient, destination: Destination, job: str
) -> dict[int, list[str]]:
    """Return the timestamps of the messages of `job`'s reply, by their `part`, the oldest first.

    There is more than one of a part where a post arrived behind its repetition.

    Raises:
        SlackClientError: Slack refuses.
    """
    parts: dict[int, list[str]] = {}
    async for page in await _pages(client, destination):
        for message in page["messages"]:
            payload = payload_of(message)
            if payload.get("job") == job and "part" in payload:
                parts.setdefault(int(payload["part"]), []).append(str(message["ts"]))
    return {part: sorted(posted, key=float) for part, posted in parts.items()}


async def milestones_posted(
    client: AsyncWebClient, destination: Destination, job: str
) -> list[str]:
    """Return the names of the milestones of `job` that were posted.

    Raises:
        SlackClientError: Slack refuses.
    """
    names = []
    async for page in await _pages(client, destination):
        for payload in map(payload_of, page["messages"]):
            if payload.get("job") == job and "milestone" in payload:
                names.append(str(payload["milestone"]))
    return names


async def _pages(client: AsyncWebClient, destination: Destination) -> Any:
    """Read the thread, or the channel, from the job's beginning on, a page at a time."""
    if destination.thread_ts:
        return await client.conversations_replies(
            channel=destination.channel,
            ts=destination.thread_ts,
            oldest=destination.since,
            limit=200,
            include_all_metadata=True,
        )
    return await client.conversations_history(
        channel=destination.channel, oldest=destination.since, limit=200, include_all_metadata=True
    )
