"""How running answers share the native streams that Slack allows.

A stream is started only where its stop will find room too, so that no final message waits for it:
Slack counts starts and stops each for themselves. Text of all streams shares one clock, as that of
edits does, and leaves nothing for the end: a final message is an edit.
"""

import asyncio
import time

from bot.pace.call_pace import CallPace, until_none

START, APPEND, STOP = "chat.startStream", "chat.appendStream", "chat.stopStream"


class StreamPace:
    """Lets one piece of text pass every `seconds`, or more rarely where `calls` are limited."""

    def __init__(self, seconds: float, calls: CallPace | None = None) -> None:
        self._seconds = seconds
        self._calls = calls or CallPace({})
        self._lock = asyncio.Lock()
        self._next = 0.0
        self._open: set[str] = set()

    def begin(self, job: str) -> bool:
        """Take the room for a stream of this answer until `end`; False where there is none now."""
        starts = 1 + self._calls.waiting(START)
        stops = 1 + len(self._open) + self._calls.waiting(STOP)
        room = max(
            self._calls.seconds_until_room(START, for_calls=starts),
            self._calls.seconds_until_room(STOP, for_calls=stops),
        )
        if room <= 0:
            self._open.add(job)
        return room <= 0

    def end(self, job: str) -> None:
        """Keep no room any longer: the answer's stream was stopped, or is left to another bot."""
        self._open.discard(job)

    async def wait_for_turn(self) -> None:
        """Wait until text may be appended; read the newest only after this."""
        async with self._lock:
            await until_none(self._seconds_until_append)
            spacing = max(self._seconds, self._calls.seconds_each(APPEND, 0))
            self._next = max(self._next, time.monotonic()) + spacing

    def _seconds_until_append(self) -> float:
        return max(self._next - time.monotonic(), self._calls.seconds_until_room(APPEND))
