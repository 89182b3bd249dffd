"""How the text of running answers shares the calls that Slack allows.

Slack limits edits per workspace, so all running answers share one clock. An edit of a growing text
is made only from what the last edits of all begun answers leave: a final message never waits behind
an edit, whose text it has too. For the same reason an answer is not begun while no edit would be
left for its end: a short one is then posted when it is complete, by one call.
"""

import asyncio
import time
from collections import defaultdict, deque
from functools import partial

from bot.pace.call_pace import CallPace, until_none

POST, EDIT, FORM_EDIT = "chat.postMessage", "chat.update", "views.update"


class EditPace:
    """Lets one edit pass every `seconds`, in the order in which they ask, or more rarely where
    `calls` are limited; `edit` is the method that edits."""

    def __init__(self, seconds: float, calls: CallPace | None = None, *, edit: str = EDIT) -> None:
        self._seconds = seconds
        self._edit = edit
        self._calls = calls or CallPace({})
        self._lock = asyncio.Lock()
        self._next = 0.0
        self._begun: set[str] = set()
        self._ends: deque[float] = deque()
        self._channels: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def wait_to_begin(self, job: str, channel: str) -> None:
        """Wait until an answer's first message may be posted; read its text only after this.

        Until `end` an edit is kept free for its final message.
        """
        if not self._calls.is_limited:
            return
        async with self._channels[channel]:
            await until_none(partial(self._seconds_until_beginning, channel))
            self._begun.add(job)

    def begin(self, job: str) -> None:
        """Keep an edit free for an answer that is shown already, until `end`."""
        self._begun.add(job)

    def end(self, job: str) -> None:
        """Keep no edit for this answer any longer: its final message was posted, or never will."""
        self._begun.discard(job)

    async def wait_for_turn(self) -> None:
        """Wait until the next edit may be made; read the newest text only after this."""
        async with self._lock:
            await until_none(self._seconds_until_edit)
            self._next = max(self._next, time.monotonic()) + self._spacing()

    def edit_out_of_turn(self) -> None:
        """Make an edit at once; those in line wait so much longer."""
        now = time.monotonic()
        self._ends.append(now)
        self._next = max(self._next, now) + self._spacing()

    def _seconds_until_beginning(self, channel: str) -> float:
        """Posts that wait already, such as complete answers, come first."""
        post = self._calls.seconds_until_room(
            POST, channel, for_calls=1 + self._calls.waiting(POST, channel)
        )
        return max(post, self._seconds_until_spare())

    def _seconds_until_edit(self) -> float:
        return max(self._next - time.monotonic(), self._seconds_until_spare())

    def _seconds_until_spare(self) -> float:
        """Return when an edit could be made that no begun answer needs for its end."""
        kept = len(self._begun) + self._calls.waiting(self._edit)
        return self._calls.seconds_until_room(self._edit, for_calls=1 + kept)

    def _spacing(self) -> float:
        """Return the seconds between edits at which a minute's are not spent in its first half."""
        now = time.monotonic()
        while self._ends and self._ends[0] <= now - 60:
            self._ends.popleft()
        return max(
            self._seconds, self._calls.seconds_each(self._edit, len(self._ends) + len(self._begun))
        )
