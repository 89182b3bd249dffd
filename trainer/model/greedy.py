"""Greedy answers to several prompts at once.

This module knows token ids only: neither prompts' texts nor whether the model carries an adapter.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

AT_ONCE = 16
"""Prompts of a batch: generating is bound by reading the weights, which all of them share."""


def greedy_answers(
    model: Any,
    prompts: Sequence[Sequence[int]],
    stops: Sequence[int],
    most: Sequence[int],
    *,
    at_once: int = AT_ONCE,
) -> Iterator[tuple[int, list[int]]]:
    """Yield the index of each prompt with its answer's token ids, batch by batch.

    `most` are the most token ids of each answer. One that ended by itself has its stop token as the
    last. Prompts of like length are answered together, `at_once` in a batch.
    """
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    for start in range(0, len(order), at_once):
        batch = order[start : start + at_once]
        longest = max(most[index] for index in batch)
        answers = _generated(model, [prompts[index] for index in batch], stops, longest)
        for index, ids in zip(batch, answers, strict=True):
            yield index, ids[: most[index]]


def _generated(
    model: Any, prompts: Sequence[Sequence[int]], stops: Sequence[int], most: int
) -> list[list[int]]:
    """Return the answers to the prompts of one batch; see `greedy_answers`."""
    model.eval()
    width = max(map(len, prompts))
    ids = torch.full((len(prompts), width), stops[0])  # [prompts, tokens], filled from the left
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    with torch.inference_mode():
        found = model.generate(
            input_ids=ids,
            attention_mask=mask,
            max_new_tokens=most,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=list(stops),
            pad_token_id=stops[0],
        )
    return [_until_stop(one.tolist(), stops) for one in found[:, width:]]


def _until_stop(ids: list[int], stops: Sequence[int]) -> list[int]:
    """Return `ids` up to the first stop token, which is kept."""
    ends = [place for place, id in enumerate(ids) if id in stops]
    return ids[: ends[0] + 1] if ends else ids
