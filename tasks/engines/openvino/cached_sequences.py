"""Which cached keys and values a prompt may use, so that only what follows them is computed.

OpenVINO GenAI finds the cached blocks of a prompt by its ids from the first on. It knows no
adapters, it already finds a block whose last keys and values are not computed yet, and two requests
that find the same half-filled block both write into it. And an answer's keys and values are not
quite those that the same ids have in a prompt: attention sums in another order for one token than
for many, and where activations are rounded to 8 bits, such a last bit can become another answer. So
a prompt carries marks: numbers in single ids, by which the library tells it apart. It shares the
marks of an ended sequence of its adapter as far as the two are alike, in whole blocks that were
computed as a prompt. There it has a mark of its own, and nobody else finds what lies behind.

Knows no pipeline. That a sequence is known here does not mean that all its blocks are still cached:
the library computes again what it has overwritten.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tasks.engines.openvino.convert.architecture import id_stride
from tasks.engines.openvino.messages import Request
from tasks.engines.openvino.scheduler import KV_BLOCK_TOKENS

LARGEST_ID = 2**31 - 1
"""OpenVINO computes with ids in 32 bits on a CPU."""


@dataclass(frozen=True, eq=False)
class _Sequence:
    """The ids [tokens] of a request; those of its answer are added when it has ended."""

    adapter: tuple[str, float] | None
    ids: NDArray[np.int64]
    as_prompt: int
    """The ids from the first on that were computed as a prompt."""
    own_from: int
    """Where the blocks begin that are counted as this sequence's."""
    marks: dict[int, int]
    """Numbers by their places; the last one is this sequence's own."""
    replaces: "_Sequence | None"
    """The sequence of which this one has all that may be shared."""

    @property
    def blocks(self) -> int:
        return -(-(len(self.ids) - self.own_from) // KV_BLOCK_TOKENS)


class CachedSequences:
    """The sequences that `kv_blocks` of cache may hold, and the marks of the running ones.

    No mark is 0: the library's own warm-up has none.
    """

    def __init__(self, *, vocabulary: int, kv_blocks: int) -> None:
        self._stride = id_stride(vocabulary)
        self._kv_blocks = kv_blocks
        # Far more than there are blocks: when a number comes round again, the blocks that it marked
        # have been overwritten, since every mark begins a block.
        self._numbers = (LARGEST_ID + 1) // self._stride
        self._last = 0
        self._ended: list[_Sequence] = []  # the one used last is the last
        self._running: dict[int, _Sequence] = {}

    def start(self, request: Request) -> NDArray[np.int64]:
        """Return the ids [tokens] to compute for `request`: its prompt with marks."""
        ids = np.array(request.prompt_ids, np.int64)
        marks, as_prompt, replaces = {}, len(ids), None
        shared, source = self._longest_match(ids, request)
        if source is not None:
            self._ended.remove(source)  # and add it as the one used last
            self._ended.append(source)
            marks = {place: number for place, number in source.marks.items() if place < shared}
            as_prompt = len(ids) if shared <= source.as_prompt else source.as_prompt
            replaces = source if shared >= _whole_blocks(source.as_prompt) else None
        marks[shared] = self._new_number()
        self._running[request.id] = _Sequence(
            _adapter(request), ids, as_prompt, shared, marks, replaces
        )
        marked = ids.copy()
        for place, number in marks.items():
            marked[place] += number * self._stride
        return marked

    def end(self, id: int, new_ids: Collection[int]) -> None:
        """Let other requests share the sequence of request `id`, which generated `new_ids`.

        Where it generated nothing, its prompt may have been computed in part, and is not shared.
        """
        sequence = self._running.pop(id)
        if not new_ids:
            return
        ids, own_from = [*sequence.ids, *new_ids], sequence.own_from
        if sequence.replaces is not None and sequence.replaces in self._ended:
            self._ended.remove(sequence.replaces)
            own_from = sequence.replaces.own_from
        self._ended.append(replace(sequence, ids=np.array(ids), own_from=own_from, replaces=None))
        while sum(sequence.blocks for sequence in self._ended) > self._kv_blocks:
            del self._ended[0]

    def _longest_match(
        self, ids: NDArray[np.int64], request: Request
    ) -> tuple[int, _Sequence | None]:
        """Return how many of `ids` an ended sequence has in blocks that may be shared, and which;
        0 and None if there are none."""
        longest, found = 0, None
        for sequence in self._ended:
            if sequence.adapter != _adapter(request):
                continue
            # The last id of both is left out: that of an answer has no keys and values yet, and of
            # a prompt at least one token must be computed.
            common = min(_common(sequence.ids, ids), len(sequence.ids) - 1, len(ids) - 1)
            # Who goes on with an answer continues what was computed when that was generated.
            known = common if request.goes_on else min(common, sequence.as_prompt)
            if _whole_blocks(known) > longest:
                longest, found = _whole_blocks(known), sequence
        return longest, found

    def _new_number(self) -> int:
        taken = {
            number
            for sequence in (*self._running.values(), *self._ended)
            for number in sequence.marks.values()
        }
        while True:
            self._last = self._last % (self._numbers - 1) + 1
            if self._last not in taken:
                return self._last


def _whole_blocks(tokens: int) -> int:
    """Return how many of the tokens lie in whole blocks."""
    return tokens // KV_BLOCK_TOKENS * KV_BLOCK_TOKENS


def _adapter(request: Request) -> tuple[str, float] | None:
    """Return what the adapter's content is named by, whatever its folder is called."""
    return (request.adapter.digest, request.adapter.scale) if request.adapter else None


def _common(first: NDArray[np.int64], second: NDArray[np.int64]) -> int:
    """Return how many ids the two begin with in common."""
    length = min(len(first), len(second))
    different = np.flatnonzero(first[:length] != second[:length])
    return int(different[0]) if len(different) else length
