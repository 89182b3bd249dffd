"""The retry of a failed post: a final message is tried until it is in Slack, but not for ever.

Outages and rate limits are waited out, and so is a token that Slack no longer takes: the claim of
the job is kept until the app is installed again. A message that Slack refuses for another reason is
tried a few times, then with its text alone, then replaced once by a plain sentence, and then given
up with a line in the log.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal, TypeVar

from bot.delivery.journal import Journal
from bot.slack.blocks import Post, sentence
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses between attempts; the last one repeats."""

WHOLE_TRIES = 3
"""Refusals of the same message before its text is posted without buttons and other blocks."""
TRIES = 5
"""Refusals before it is replaced by a plain sentence."""

Delivery = Literal["delivered", "no_destination", "refused"]


async def until_taken(what: str, call: Callable[[], Awaitable[T]]) -> T | None:
    """Return what `call` does; while Slack does not take it, it is called again.

    None where Slack never will; `what` is for the log.
    """
    attempt = 0
    while True:
        try:
            return await call()
        except FAILURES as error:
            failure = failure_of(error)
            log.warning("%s: %s", what, failure.reason)
            if failure.kind not in ("passing", "no_access"):
                return None
        await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
        attempt += 1


async def deliver(
    show: Callable[[Sequence[Post]], Awaitable[None]],
    posts: Sequence[Post],
    plain: Post,
    journal: Journal,
) -> Delivery:
    """Call `show` until the posts are in Slack; where Slack refuses them their text alone replaces
    them, and `plain` replaces that.

    Returns `no_destination` where nothing at all can be posted there any more.
    """
    job = journal.job.id
    refusals = 0
    attempt = 0
    while refusals <= TRIES:
        try:
            await show(_still_tried(posts, plain, refusals))
        except FAILURES as error:
            failure = failure_of(error)
            log.warning("job %s: the final message failed: %s", job, failure.reason)
            if failure.kind == "no_destination":
                return "no_destination"
            if failure.kind == "no_access":
                await journal.record_no_access(failure.reason)
            refusals += failure.kind not in ("passing", "no_access")
        else:
            return "delivered"
        await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
        attempt += 1
    log.error("job %s: Slack refuses every final message; given up", job)
    return "refused"


def _still_tried(posts: Sequence[Post], plain: Post, refusals: int) -> Sequence[Post]:
    """Return what is shown after so many refusals."""
    if refusals < WHOLE_TRIES:
        return posts
    return [sentence(post.text) for post in posts] if refusals < TRIES else [plain]
