"""The pace of edits: Slack limits them per workspace, so all running answers share one clock.

A final message does not wait for its turn: the person waits for it, and no later edit has its text.
What Slack itself asks for with `Retry-After` is waited out by the client, for every call.
"""

import asyncio
import time


class EditPace:
    """Lets one edit pass every `seconds`, in the order in which they ask."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._next = 0.0

    async def wait_for_turn(self) -> None:
        """Wait until the next edit may be made; read the newest text only after this."""
        async with self._lock:
            wait = self._next - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self._next = max(self._next, time.monotonic()) + self._seconds

    def edit_out_of_turn(self) -> None:
        """Make an edit at once; those in line wait so much longer."""
        self._next = max(self._next, time.monotonic()) + self._seconds
