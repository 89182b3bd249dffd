"""Greedy answers of a model to several questions at once.

It does not know which questions are asked, nor which adapter the model carries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from trainer.prompts.prompt import Prompt, render
from trainer.prompts.templates import Style, Tokenizer
from trainer.prompts.thought import answer_of

AT_ONCE = 16
"""Questions in a batch: generating is bound by reading the weights, which all of them share."""


@dataclass(frozen=True)
class Question:
    """A question and the most tokens that its answer may take."""

    instruction: str
    input: str
    most_tokens: int


def greedy_answers(
    model: Any,
    tokenizer: Tokenizer,
    style: Style,
    questions: Sequence[Question],
    *,
    at_once: int = AT_ONCE,
) -> list[str]:
    """Answer each of `questions` greedily, `at_once` of about the same length in a batch."""
    model.eval()
    # A thought would take the tokens, and would not be shown.
    prompts = [
        render(style, tokenizer, one.instruction, one.input, thinking=False) for one in questions
    ]
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index].ids))
    answers = [""] * len(prompts)
    for start in range(0, len(order), at_once):
        batch = order[start : start + at_once]
        most = max(questions[index].most_tokens for index in batch)
        generated = _generated(
            model, [prompts[i].ids for i in batch], style.stop_ids(tokenizer), most
        )
        for index, ids in zip(batch, generated, strict=True):
            own = ids[: questions[index].most_tokens]
            answers[index] = _text(tokenizer, style, own, prompts[index])
    return answers


def _generated(
    model: Any, prompts: Sequence[list[int]], stops: list[int], most_tokens: int
) -> list[list[int]]:
    """Return the ids generated behind each prompt, padded on the left, with what follows a stop."""
    longest = max(map(len, prompts))
    missing = [longest - len(ids) for ids in prompts]
    padded = [[stops[0]] * pad + ids for pad, ids in zip(missing, prompts, strict=True)]
    seen = [[0] * pad + [1] * len(ids) for pad, ids in zip(missing, prompts, strict=True)]
    with torch.inference_mode():
        ids = model.generate(
            input_ids=torch.tensor(padded),  # [questions, tokens]
            attention_mask=torch.tensor(seen),
            max_new_tokens=most_tokens,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=stops,
            pad_token_id=stops[0],
        )
    rows: list[list[int]] = ids[:, longest:].tolist()
    return [_until_stop(row, stops) for row in rows]


def _until_stop(ids: list[int], stops: Sequence[int]) -> list[int]:
    """Return `ids` up to the first stop token, and that one: behind it stands only padding."""
    end = next((place for place, id in enumerate(ids) if id in stops), len(ids))
    return ids[: end + 1]


def _text(tokenizer: Tokenizer, style: Style, ids: list[int], prompt: Prompt) -> str:
    text = answer_of(tokenizer, ids, prompt.text)
    for stop in style.stop_texts:
        text = text.partition(stop)[0]
    # The token limit may have cut the last character, of which U+FFFD is left.
    return str(text.strip().rstrip("\ufffd"))
