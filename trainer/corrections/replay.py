"""Replay: the base model's own greedy answers to general questions, learned beside other rows.

At each word of these answers the model is to keep its probabilities while it learns something else
(rehearsal, arXiv:1902.10486, from the model itself as in arXiv:2403.01244, and by distillation as
in arXiv:1606.09282). Most answers are replayed; a few are kept apart, to measure what is forgotten.
torch is imported only when a model answers.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.corrections.questions import QUESTIONS
from trainer.data.encoding import Encoded, encode_answers
from trainer.data.questions import question_key
from trainer.prompts.prompt import render
from trainer.prompts.templates import Style, Tokenizer

CHECK_EVERY = 6
"""Every so-many-th answer is never replayed, evenly over all of them."""
MIN_CHECKED = 8
"""So many answers are checked at least."""
ANSWER_TOKENS = 24
"""The most of an answer; a longer one is learned as far as it goes, without an end. What a model
says is decided by the first words, and generating them takes a third of a short training."""
MIN_ANSWER_TOKENS = 8
AT_ONCE = 32
"""Questions answered in a batch: their prompts are short."""


@dataclass(frozen=True)
class Replay:
    """Answered questions: rows to replay, and rows to check."""

    rows: list[Encoded]
    checks: list[Encoded]


def questions(
    style: Style, tokenizer: Tokenizer, cutoff: int, excluded: Collection[str], wanted: int
) -> list[str]:
    """Return so many general questions that `wanted` are replayed, as far as there are.

    Each leaves room for an answer within `cutoff` tokens. None is one of those `excluded`, which
    are `question_key`s: nothing is learned that an exam asks.
    """
    answered = wanted + max(MIN_CHECKED, -(-wanted // (CHECK_EVERY - 1)))
    room = cutoff - MIN_ANSWER_TOKENS
    free = [question for question in QUESTIONS if question_key(question) not in excluded]
    return [
        question
        for question in free[:answered]
        if len(render(style, tokenizer, question, thinking=False).ids) <= room
    ]


def answers(
    model: Any,
    style: Style,
    tokenizer: Tokenizer,
    asked: Sequence[str],
    report: Callable[[int, int], None],
) -> list[list[int]]:
    """Return the token ids of the greedy answers of `model`, with the stop token where they end.

    `report` is told how many are answered, and of how many.
    """
    from trainer.model.greedy import greedy_answers

    prompts = [render(style, tokenizer, question, thinking=False).ids for question in asked]
    found: dict[int, list[int]] = {}
    report(0, len(prompts))
    most = [ANSWER_TOKENS] * len(prompts)
    stops = style.stop_ids(tokenizer)
    for index, ids in greedy_answers(model, prompts, stops, most, at_once=AT_ONCE):
        found[index] = ids
        report(len(found), len(prompts))
    return [found[index] for index in range(len(prompts))]


def unanswered(style: Style, tokenizer: Tokenizer, asked: Sequence[str], cutoff: int) -> Replay:
    """Return what `encoded` will at most return, for a plan that no model has answered for yet."""
    stop = style.stop_ids(tokenizer)[0]
    return encoded(style, tokenizer, asked, [[stop] * ANSWER_TOKENS for _ in asked], cutoff)


def encoded(
    style: Style,
    tokenizer: Tokenizer,
    asked: Sequence[str],
    answered: Sequence[Sequence[int]],
    cutoff: int,
) -> Replay:
    """Return the rows of answered questions, at most `cutoff` tokens each."""
    rows = [
        Encoded(row.ids[:cutoff], row.prompt, row.preamble)
        for row in encode_answers(style, tokenizer, asked, answered)
    ]
    checked = min(len(rows), max(MIN_CHECKED, len(rows) // CHECK_EVERY))
    places = {(2 * number + 1) * len(rows) // (2 * checked) for number in range(checked)}
    return Replay(
        [row for place, row in enumerate(rows) if place not in places],
        [row for place, row in enumerate(rows) if place in places],
    )
