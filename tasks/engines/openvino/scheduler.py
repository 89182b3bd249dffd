"""Which requests are generated now and which wait: first come, first served, one adapter at a time.

No request overtakes another, but where it goes on with one that ran before. One that needs another
adapter, or more memory than is free, waits until the running ones have ended, and those behind it
wait too. So none starves when adapters alternate. Knows no pipeline and no processes.
"""

from collections import deque

from tasks.engines.openvino.messages import Request

KV_BLOCK_TOKENS = 32
"""Tokens in one block of the cache of keys and values; OpenVINO GenAI's block size on a CPU."""


class Scheduler:
    """The requests of one pipeline, of which at most `max_running` run, in `kv_blocks` of cache."""

    def __init__(self, *, max_running: int, kv_blocks: int) -> None:
        self.max_running = max_running
        self.kv_blocks = kv_blocks
        self.waiting: deque[Request] = deque()
        self.running: dict[int, Request] = {}

    @property
    def idle(self) -> bool:
        """Whether no request runs and none waits."""
        return not self.running and not self.waiting

    def add(self, request: Request) -> None:
        """Add a request to those that wait: behind them, or before them where it goes on."""
        if request.goes_on:
            self.waiting.appendleft(request)
        else:
            self.waiting.append(request)

    def cancel_waiting(self, id: int) -> bool:
        """Remove a request from those that wait; returns False where it does not wait."""
        for request in self.waiting:
            if request.id == id:
                self.waiting.remove(request)
                return True
        return False

    def start_next(self) -> Request | None:
        """Move the first waiting request to the running ones, or return None if it must wait."""
        if not self.waiting or not self._may_run(self.waiting[0]):
            return None
        request = self.waiting.popleft()
        self.running[request.id] = request
        return request

    def end(self, id: int) -> None:
        """Remove a request that has ended from the running ones."""
        self.running.pop(id, None)

    def _may_run(self, request: Request) -> bool:
        if not self.running:
            return True
        active = next(iter(self.running.values())).adapter
        taken = sum(_blocks(other) for other in self.running.values())
        fits = taken + _blocks(request) <= self.kv_blocks
        return request.adapter == active and len(self.running) < self.max_running and fits


def _blocks(request: Request) -> int:
    """Return the most blocks of cache that a request can fill, with all its new tokens."""
    return -(-(len(request.prompt_ids) + request.max_new_tokens) // KV_BLOCK_TOKENS)
