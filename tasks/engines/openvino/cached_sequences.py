"""Which sequence in the cache of keys and values a prompt continues, so that only what follows it
has to be computed.

OpenVINO GenAI finds the cached blocks of a prompt by its ids from the first on. It knows no
adapters, it already finds a block whose last keys and values are not computed yet, and two requests
that find the same half-filled block both write into it. So every sequence has a number, which its
first id carries, and a number belongs to one adapter and to one request at a time.

Knows no pipeline. That a sequence is known here does not mean that all its blocks are still cached:
the library computes again what it has overwritten.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.engines.openvino.convert.architecture import id_stride
from tasks.engines.openvino.messages import Request
from tasks.engines.openvino.scheduler import KV_BLOCK_TOKENS

LARGEST_ID = 2**31 - 1
"""OpenVINO computes with ids in 32 bits on a CPU."""


@dataclass(frozen=True, eq=False)
class _Sequence:
    """The ids [tokens] of a request that has ended, its answer included."""

    number: int
    adapter: tuple[str, float] | None
    ids: NDArray[np.int64]
    prompt_tokens: int

    @property
    def blocks(self) -> int:
        return -(-len(self.ids) // KV_BLOCK_TOKENS)


class CachedSequences:
    """The sequences that `kv_blocks` of cache may hold, and the numbers of the running ones.

    Number 0 is given to none: the library's own warm-up has it.
    """

    def __init__(self, *, vocabulary: int, kv_blocks: int) -> None:
        self._stride = id_stride(vocabulary)
        self._kv_blocks = kv_blocks
        # Far more than there are blocks: when a number comes round again, the blocks that it named
        # have been overwritten, since every sequence fills at least one.
        self._numbers = (LARGEST_ID + 1) // self._stride
        self._last = 0
        self._ended: list[_Sequence] = []  # the one used last is the last
        self._running: dict[int, tuple[Request, int]] = {}

    def start(self, request: Request) -> NDArray[np.int64]:
        """Return the ids [tokens] to compute for `request`: its prompt, with a number in the first.

        The number is that of the ended sequence of the same adapter that shares most with it, or a
        new one.
        """
        ids = np.array(request.prompt_ids, np.int64)
        continued = self._longest_match(ids, _adapter(request))
        if continued is not None:
            self._ended.remove(continued)
        number = continued.number if continued else self._new_number()
        self._running[request.id] = request, number
        ids[0] += number * self._stride
        return ids

    def end(self, id: int, new_ids: Collection[int]) -> None:
        """Let the next request continue the sequence of request `id`, which generated `new_ids`.

        Where it generated nothing, its prompt may have been computed in part, and its number is
        given up.
        """
        request, number = self._running.pop(id)
        if not new_ids:
            return
        ids = np.array([*request.prompt_ids, *new_ids], np.int64)
        self._ended.append(_Sequence(number, _adapter(request), ids, len(request.prompt_ids)))
        while sum(sequence.blocks for sequence in self._ended) > self._kv_blocks:
            del self._ended[0]

    def _longest_match(
        self, ids: NDArray[np.int64], adapter: tuple[str, float] | None
    ) -> _Sequence | None:
        longest, found = KV_BLOCK_TOKENS - 1, None
        for sequence in self._ended:
            if sequence.adapter != adapter:
                continue
            common = _common(sequence.ids, ids)
            # Two threads share their system prompt: neither must take the other's number for that.
            if common > longest and 2 * common >= sequence.prompt_tokens:
                longest, found = common, sequence
        return found

    def _new_number(self) -> int:
        taken = {number for _, number in self._running.values()}
        taken |= {sequence.number for sequence in self._ended}
        while True:
            self._last = self._last % (self._numbers - 1) + 1
            if self._last not in taken:
                return self._last


def _adapter(request: Request) -> tuple[str, float] | None:
    """Return what the adapter's content is named by, whatever its folder is called."""
    return (request.adapter.digest, request.adapter.scale) if request.adapter else None


def _common(first: NDArray[np.int64], second: NDArray[np.int64]) -> int:
    """Return how many ids the two begin with in common."""
    length = min(len(first), len(second))
    different = np.flatnonzero(first[:length] != second[:length])
    return int(different[0]) if len(different) else length
