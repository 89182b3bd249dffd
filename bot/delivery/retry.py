"""Getting a final message into Slack, whatever it takes, but not for ever.

Outages and rate limits are waited out. What Slack refuses for any other reason is tried a few
times, then once as a plain sentence, and then given up with a line in the log.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from slack_sdk.errors import SlackApiError

from bot.questions.answer import Post
from bot.slack.refusals import HOPELESS, PASSING, passes, reason_of

log = logging.getLogger(__name__)

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses between attempts; the last one repeats."""

TRIES = 5
"""Refusals of the same message before it is replaced by a plain sentence."""

Delivered = Literal["there", "hopeless", "refused"]


async def deliver(
    show: Callable[[Sequence[Post]], Awaitable[None]], posts: Sequence[Post], plain: Post, job: str
) -> Delivered:
    """Call `show` until the posts are there, with `plain` in their stead where Slack refuses them.

    Returns `hopeless` where nothing can be posted in that place, whatever it is.
    """
    refusals = 0
    attempt = 0
    while refusals <= TRIES:
        try:
            await show(posts if refusals < TRIES else [plain])
        except SlackApiError as error:
            log.warning("job %s: the final message failed: %s", job, reason_of(error))
            if reason_of(error) in HOPELESS:
                return "hopeless"
            refusals += not passes(error)
        except PASSING as error:
            log.warning("job %s: the final message failed: %s", job, type(error).__name__)
        else:
            return "there"
        await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])
        attempt += 1
    log.error("job %s: Slack takes no final message; given up", job)
    return "refused"
