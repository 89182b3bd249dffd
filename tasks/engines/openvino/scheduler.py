"""Who generates now and who waits: first come, first served, one adapter at a time.

Nobody is overtaken: a question that needs another adapter, or more memory than is free, waits until
what runs has ended, and those behind it wait too. So nobody starves when adapters alternate. Knows
no pipeline and no processes.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

BLOCK = 32
"""Tokens in one block of the cache of keys and values, as OpenVINO GenAI has it on a CPU."""


@dataclass(frozen=True)
class Ask:
    """A prompt to be continued: its token ids, and what the continuation must keep to."""

    id: int
    ids: list[int]
    max_new_tokens: int
    stop_ids: list[int]
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    adapter: dict[str, Any] | None = field(default=None)
    """Folder, digest and scale of the adapter; None is the base."""

    @property
    def blocks(self) -> int:
        """Return the blocks it may come to fill."""
        return -(-(len(self.ids) + self.max_new_tokens) // BLOCK)


class Line:
    """The questions of one pipeline, of which `places` run at once in `blocks` of memory."""

    def __init__(self, *, places: int, blocks: int) -> None:
        self.places = places
        self.blocks = blocks
        self.waiting: deque[Ask] = deque()
        self.running: dict[int, Ask] = {}

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not self.running and not self.waiting

    def add(self, ask: Ask) -> None:
        """Take a question at the end of the line."""
        self.waiting.append(ask)

    def leave(self, id: int) -> bool:
        """Forget a question that waits; returns whether it did."""
        for ask in self.waiting:
            if ask.id == id:
                self.waiting.remove(ask)
                return True
        return False

    def next(self) -> Ask | None:
        """Move the first that waits to those that run, where it may; else None."""
        if not self.waiting or not self._may_run(self.waiting[0]):
            return None
        ask = self.waiting.popleft()
        self.running[ask.id] = ask
        return ask

    def end(self, id: int) -> None:
        """Forget a question that ran."""
        self.running.pop(id, None)

    def _may_run(self, ask: Ask) -> bool:
        if not self.running:
            return True
        taken = sum(other.blocks for other in self.running.values())
        same = next(iter(self.running.values())).adapter == ask.adapter
        return same and len(self.running) < self.places and taken + ask.blocks <= self.blocks
