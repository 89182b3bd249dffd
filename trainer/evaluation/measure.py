"""Losses of the answers of held-out rows, behind their own questions and behind other rows'.

The numbers are judged in `verdict`, which says why both are measured. This module does not know
whether `model` is a base model or carries an adapter, nor where results are kept.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from trainer.data.encoding import Encoded
from trainer.data.packing import Pack, pack, shares
from trainer.evaluation.verdict import Losses, pairings
from trainer.model.loss import packed_rows, token_losses, token_scores
from trainer.process.ranks import Processes
from trainer.prompts.templates import Tokenizer

SINGLE_PROCESS = Processes()
KNOWN = 0.9
"""An answer of which so large a share of tokens is the likeliest is what the model says by itself:
the first token that is not changes the rest, and one cut short lacks its stop token."""


def mismatched(rows: Sequence[Encoded], count: int) -> list[list[Encoded]]:
    """Return each row's answer behind the questions of the next `count` rows with its preamble.

    Rows with the very same answer are passed over, behind whose questions the answer is right; a
    row that has no other partner is returned as it is, one that has fewer partners with all.
    """
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(row.ids[: row.preamble], []).append(index)
    partners = {
        index: _partners(rows, index, [*group[place + 1 :], *group[:place]])[:count]
        for group in groups.values()
        for place, index in enumerate(group)
    }
    return [
        [_behind(rows[other], row) for other in partners[index]] for index, row in enumerate(rows)
    ]


def _partners(rows: Sequence[Encoded], index: int, others: Sequence[int]) -> list[int]:
    answer = _answer(rows[index])
    return [other for other in others if _answer(rows[other]) != answer] or [index]


def _answer(row: Encoded) -> tuple[int, ...]:
    return row.ids[row.prompt :]


def _behind(question: Encoded, answer: Encoded) -> Encoded:
    ids = question.ids[: question.prompt] + answer.ids[answer.prompt :]
    return Encoded(ids, question.prompt, question.preamble)


def losses(
    model: Any,
    rows: Sequence[Encoded],
    *,
    limit: int,
    share: bool,
    processes: Processes = SINGLE_PROCESS,
) -> Losses:
    """Measure `rows` behind their own and behind other questions; see `response_losses`."""
    own, hits = response_scores(model, rows, limit=limit, share=share, processes=processes)
    others = mismatched(rows, pairings(len(rows)))
    behind = [row for several in others for row in several]
    found = response_losses(model, behind, limit=limit, share=share, processes=processes)
    rest = iter(found)
    other = [fmean(islice(rest, len(several))) for several in others]
    lengths = response_tokens(rows)
    known = [hit >= KNOWN * tokens for hit, tokens in zip(hits, lengths, strict=True)]
    return Losses(own, other, known)


def response_losses(
    model: Any,
    rows: Sequence[Encoded],
    *,
    limit: int,
    share: bool,
    processes: Processes = SINGLE_PROCESS,
) -> list[float]:
    """Return the summed loss in nats of each row's response, the same list in every process.

    `limit` is the most tokens of a pack, `share` whether rows of a pack share their preamble; of
    several processes each computes a part of the packs.
    """

    def losses(pack: Pack) -> Tensor:
        return token_losses(model, pack).double()[None]

    (sums,) = _summed(model, rows, losses, 1, limit=limit, share=share, processes=processes)
    return sums


def response_scores(
    model: Any,
    rows: Sequence[Encoded],
    *,
    limit: int,
    share: bool,
    processes: Processes = SINGLE_PROCESS,
) -> tuple[list[float], list[int]]:
    """Return `response_losses`, and how many of each response's tokens are the likeliest ones.

    A response all of whose tokens are that is the model's greedy answer.
    """

    def scores(pack: Pack) -> Tensor:
        return torch.stack([part.double() for part in token_scores(model, pack)])

    sums, hits = _summed(model, rows, scores, 2, limit=limit, share=share, processes=processes)
    return sums, [round(value) for value in hits]


def _summed(
    model: Any,
    rows: Sequence[Encoded],
    measured: Callable[[Pack], Tensor],
    kinds: int,
    *,
    limit: int,
    share: bool,
    processes: Processes,
) -> list[list[float]]:
    """Return each of the `kinds` figures of `measured` [kinds, label tokens], summed by row."""
    packs = pack(rows, limit=limit, share=share)
    sums = torch.zeros(kinds, len(rows), dtype=torch.float64)
    model.eval()
    with torch.inference_mode(), packed_rows(model):
        for index in shares(packs, processes.count)[processes.rank]:
            sums.index_add_(1, torch.tensor(packs[index].owners), measured(packs[index]))
    if processes.count > 1:
        torch.distributed.all_reduce(sums)
    found: list[list[float]] = sums.tolist()
    return found


def response_tokens(rows: Sequence[Encoded]) -> list[int]:
    """Return the number of response tokens of each row, the stop token included."""
    return [len(row.ids) - row.prompt for row in rows]


def loss_per_token(losses: Sequence[float], rows: Sequence[Encoded]) -> float:
    """Return the mean loss of a response token in nats, of the summed `losses` of `rows`."""
    return sum(losses) / sum(response_tokens(rows))


def response_bytes(rows: Sequence[Encoded], tokenizer: Tokenizer) -> int:
    """Return the UTF-8 bytes of all responses, as far as they were not cut."""
    texts = (tokenizer.decode(row.ids[row.prompt :], skip_special_tokens=True) for row in rows)
    return sum(len(text.encode()) for text in texts)
