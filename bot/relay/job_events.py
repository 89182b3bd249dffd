"""The events of one followed job, on their way from the reading thread to the job's follower.

An event is decoded where it is taken: one that cannot be read fails the follower of its own job,
and not the reading of all streams.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from tasks.broker.job import ENDINGS, Event, read_event

Entry = tuple[str, dict[str, str]]
"""An entry of a stream as Redis has it: its id and its fields."""


class JobEvents:
    """Every event of one job, in order, from its first on."""

    def __init__(self) -> None:
        self._entries: asyncio.Queue[Entry] = asyncio.Queue()
        self._final = asyncio.Event()

    def put(self, entries: Sequence[Entry]) -> None:
        """Add what was read from the stream; called in the event loop."""
        for entry in entries:
            self._entries.put_nowait(entry)
            if entry[1].get("type") in ENDINGS:
                self._final.set()

    async def next(self) -> Event:
        """Wait for the next event."""
        return read_event(*await self._entries.get())

    def ready(self) -> list[Event]:
        """Return the events that are there, without waiting."""
        ready = []
        while not self._entries.empty():
            ready.append(read_event(*self._entries.get_nowait()))
        return ready

    async def wait_unless_final(self, turn: Coroutine[Any, Any, None]) -> None:
        """Wait for `turn`, but no longer than until the final event is there."""
        either = {asyncio.ensure_future(turn), asyncio.ensure_future(self._final.wait())}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in either:
                waiting.cancel()
