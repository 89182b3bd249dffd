"""Greedy answers of a model to several questions at once.

It does not know which questions are asked, nor which adapter the model carries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.model import greedy
from trainer.prompts.prompt import Prompt, render
from trainer.prompts.templates import Style, Tokenizer
from trainer.prompts.thought import answer_of


@dataclass(frozen=True)
class Question:
    """A question and the most tokens that its answer may take; `standing` is an instruction that
    holds for every question where this one was asked."""

    instruction: str
    input: str
    most_tokens: int
    standing: str = ""


def greedy_answers(
    model: Any,
    tokenizer: Tokenizer,
    style: Style,
    questions: Sequence[Question],
    *,
    at_once: int = greedy.AT_ONCE,
) -> list[str]:
    """Answer each of `questions` greedily, `at_once` of about the same length in a batch."""
    # A thought would take the tokens, and would not be shown.
    prompts = [
        render(
            style,
            tokenizer,
            one.instruction,
            one.input,
            thinking=False,
            standing=one.standing,
        )
        for one in questions
    ]
    found = greedy.greedy_answers(
        model,
        [prompt.ids for prompt in prompts],
        style.stop_ids(tokenizer),
        [one.most_tokens for one in questions],
        at_once=at_once,
    )
    texts = {index: _text(tokenizer, style, ids, prompts[index]) for index, ids in found}
    return [texts[index] for index in range(len(prompts))]


def _text(tokenizer: Tokenizer, style: Style, ids: list[int], prompt: Prompt) -> str:
    text = answer_of(tokenizer, ids, prompt.text)
    for stop in style.stop_texts:
        text = text.partition(stop)[0]
    # The token limit may have cut the last character, of which U+FFFD is left.
    return str(text.strip().rstrip("\ufffd"))
