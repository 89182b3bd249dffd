"""Rows packed into sequences that share one preamble, without changing the loss.

A pack is `preamble, row 1, row 2, …`. Each row attends to the preamble and to itself only, and its
positions continue the preamble's, so that it computes exactly what it would compute alone, while
the preamble is computed once. A row's first token is predicted at the preamble's last position, not
at the token before it in the pack. This module knows token ids only, not models.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from trainer.data.encoding import Encoded


@dataclass(frozen=True)
class Pack:
    """One sequence for the model.

    `ids` and `positions` have one entry per token, [tokens]. `lengths` are the token counts of the
    preamble (0 where there is none) and of each row, [1 + rows], and sum to [tokens]. The other
    lists have one entry per label, [labels]: the logits at index `sources[i]` of the pack predict
    the token id `targets[i]`, whose loss counts `weights[i]` times, and which belongs to row
    `owners[i]` of the batch, or to the preamble (-1).
    """

    ids: list[int]
    positions: list[int]
    lengths: tuple[int, ...]
    sources: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    replayed: bool = False
    """Whether the labels are the base model's own, and all of its probabilities are to be kept."""

    def __len__(self) -> int:
        return len(self.ids)


def pack(
    rows: Sequence[Encoded], *, limit: int, train_on_inputs: bool = False, share: bool = True
) -> list[Pack]:
    """Pack the rows of a batch into few sequences of at most `limit` tokens each.

    First-fit decreasing, a bin-packing heuristic whose result depends on the rows only. The longest
    packs come first. With `share` false each row is a pack of its own. A
    row longer than `limit` gets its own pack. With `train_on_inputs` the question's tokens are
    labels as well as the answer's.
    """
    bins = _bins(rows, limit) if share else [[index] for index in range(len(rows))]
    packs = [_pack(rows, indices, train_on_inputs, share) for indices in bins]
    return sorted(packs, key=len, reverse=True)


def label_count(rows: Sequence[Encoded], *, train_on_inputs: bool = False) -> int:
    """Return how many label tokens the rows have, which does not depend on their packing."""
    return sum(len(row.ids) - (1 if train_on_inputs else max(row.prompt, 1)) for row in rows)


def shares(packs: Sequence[Pack], ranks: int) -> list[list[int]]:
    """Return the indices of the packs of each of `ranks` processes, with even token counts.

    Each pack goes to the process with the fewest tokens so far.
    """
    by_rank: list[list[int]] = [[] for _ in range(ranks)]
    loads = [0] * ranks
    for index, one in enumerate(packs):
        rank = loads.index(min(loads))
        by_rank[rank].append(index)
        loads[rank] += len(one)
    return by_rank


def _bins(rows: Sequence[Encoded], limit: int) -> list[list[int]]:
    """Return the row indices of each pack; only rows with the same preamble share one."""
    by_preamble: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        by_preamble[row.ids[: row.preamble]].append(index)
    bins: list[list[int]] = []
    for preamble in sorted(by_preamble):
        bins += _first_fit(rows, by_preamble[preamble], limit - len(preamble))
    return bins


def _first_fit(rows: Sequence[Encoded], indices: list[int], room: int) -> list[list[int]]:
    """Return `indices` in bins of at most `room` tokens without the preamble, the longest first."""
    bins: list[list[int]] = []
    free: list[int] = []
    for index in sorted(indices, key=lambda index: (-rows[index].own, index)):
        own = rows[index].own
        place = next((place for place, tokens in enumerate(free) if own <= tokens), None)
        if place is None:
            bins.append([index])
            free.append(room - own)
        else:
            bins[place].append(index)
            free[place] -= own
    return bins


def _pack(
    rows: Sequence[Encoded], indices: Sequence[int], train_on_inputs: bool, share: bool
) -> Pack:
    shared = rows[indices[0]].preamble if share else 0
    preamble = list(rows[indices[0]].ids[:shared])
    lengths = (shared, *(len(rows[index].ids) - shared for index in indices))
    result = Pack(list(preamble), list(range(shared)), lengths)
    if train_on_inputs:  # the preamble's labels count once for each row that shares them
        for position in range(1, shared):
            _label(result, position - 1, preamble[position], float(len(indices)), -1)
    for index in indices:
        _append(result, rows[index], index, shared, train_on_inputs)
    return result


def _append(result: Pack, row: Encoded, owner: int, shared: int, train_on_inputs: bool) -> None:
    """Add the row's tokens behind the first `shared` to a pack, and its labels."""
    start = len(result.ids)
    result.ids.extend(row.ids[shared:])
    result.positions.extend(range(shared, len(row.ids)))
    first = max(1, shared if train_on_inputs else row.prompt)
    for position in range(first, len(row.ids)):
        before = position - 1  # in the row; in the pack the row's own tokens begin at `start`
        source = start + before - shared if before >= shared else before
        _label(result, source, row.ids[position], 1.0, owner)


def _label(result: Pack, source: int, target: int, weight: float, owner: int) -> None:
    result.sources.append(source)
    result.targets.append(target)
    result.weights.append(weight)
    result.owners.append(owner)
