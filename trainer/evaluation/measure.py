"""Losses of the answers of held-out rows, behind their own questions and behind other rows'.

The numbers are judged in `verdict`, which says why both are measured. This module does not know
whether `model` is a base model or carries an adapter, nor where results are kept.
"""

from collections.abc import Sequence
from typing import Any

import torch

from trainer.data.encoding import Encoded
from trainer.data.packing import pack, shares
from trainer.evaluation.verdict import Losses
from trainer.model.loss import packed_rows, token_losses
from trainer.process.ranks import Processes
from trainer.prompts.templates import Tokenizer

SINGLE_PROCESS = Processes()


def mismatched(rows: Sequence[Encoded]) -> list[Encoded]:
    """Return each row's answer behind the question of the next row with the same preamble."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(row.ids[: row.preamble], []).append(index)
    partner = {
        index: group[(place + 1) % len(group)]
        for group in groups.values()
        for place, index in enumerate(group)
    }
    return [_behind(rows[partner[index]], row) for index, row in enumerate(rows)]


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
    return Losses(
        response_losses(model, rows, limit=limit, share=share, processes=processes),
        response_losses(model, mismatched(rows), limit=limit, share=share, processes=processes),
    )


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
    packs = pack(rows, limit=limit, share=share)
    sums = torch.zeros(len(rows), dtype=torch.float64)  # [rows], nats
    model.eval()
    with torch.inference_mode(), packed_rows(model):
        for index in shares(packs, processes.count)[processes.rank]:
            losses = token_losses(model, packs[index]).double()  # [label tokens], nats
            sums.index_add_(0, torch.tensor(packs[index].owners), losses)
    if processes.count > 1:
        torch.distributed.all_reduce(sums)
    return [float(value) for value in sums]


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
