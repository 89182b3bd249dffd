"""The bot's process."""

import asyncio
import threading

from bot.app import THREADS
from tests.bot.conftest import Serve
from tests.patience import SECONDS


async def test_calls_that_wait_for_a_slow_broker_hold_up_no_other(serve: Serve) -> None:
    # More than asyncio's own threads would be, and room for what the bot does by itself.
    replies = threading.Barrier(THREADS - 16)
    async with serve():
        waiting = (asyncio.to_thread(replies.wait, SECONDS) for _ in range(replies.parties))
        await asyncio.gather(*waiting)
