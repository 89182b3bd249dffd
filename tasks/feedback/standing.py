"""Rows as lines of a file, each with the standing instruction of the channel that it comes from.

An adapter is trained and examined with the prompts that it will be asked with there. What holds now
counts, not what held when the row was proposed: the adapter answers with what holds.
"""

from collections.abc import Iterable

from redis import Redis

from tasks.asking.channels import Channels
from tasks.feedback.row import FeedbackRow


def lines_of(redis: Redis | None, rows: Iterable[FeedbackRow]) -> list[dict[str, str]]:
    """Return the rows as lines of a training's or an exam's file.

    Raises:
        RedisError: the broker is away.
    """
    if redis is None:
        return [row.line() for row in rows]
    rows = list(rows)
    asked_in = {row.channel for row in rows} - {""}
    standing = {channel: Channels(redis).get(channel).instructions for channel in asked_in}
    return [row.line(standing.get(row.channel, "")) for row in rows]
