"""A few fixed questions, answered greedily, so that people can compare an adapter with its base.

They are shown and not judged. This module does not know which adapter the model carries.
"""

from typing import Any

import torch

from trainer.prompts.prompt import render
from trainer.prompts.templates import Style, Tokenizer
from trainer.prompts.thought import answer_of

QUESTIONS = (
    ("日本で一番高い山は何ですか？", ""),
    ("次の文を英語に訳してください。", "今日はとても良い天気です。"),
    (
        "以下のトピックに関する詳細な情報を提供してください",
        "この中でラッパーなのはどれ？エミネム、マイケル・ジャクソン、リアーナ、50セント",
    ),
    ("Name three colours.", ""),
)
ANSWER_TOKENS = 32


def answers(model: Any, tokenizer: Tokenizer, style: Style) -> list[dict[str, str]]:
    """Answer the fixed questions greedily, in at most ANSWER_TOKENS tokens each.

    Returns one entry per question, with `instruction`, `input` and `answer`.
    """
    model.eval()
    return [
        {
            "instruction": instruction,
            "input": input,
            "answer": _answer(model, tokenizer, style, instruction, input),
        }
        for instruction, input in QUESTIONS
    ]


def _answer(model: Any, tokenizer: Tokenizer, style: Style, instruction: str, input: str) -> str:
    stops = style.stop_ids(tokenizer)
    # A thought would take the tokens, and would not be shown.
    asked = render(style, tokenizer, instruction, input, thinking=False)
    prompt = torch.tensor([asked.ids])  # [1, tokens]
    with torch.inference_mode():
        ids = model.generate(
            input_ids=prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=ANSWER_TOKENS,
            do_sample=False,
            temperature=None,
            top_p=None,
            top_k=None,
            eos_token_id=stops,
            pad_token_id=stops[0],
        )
    text = answer_of(tokenizer, ids[0, prompt.shape[1] :].tolist(), asked.text)
    for stop in style.stop_texts:
        text = text.partition(stop)[0]
    # The token limit may have cut the last character, of which U+FFFD is left.
    return str(text.strip().rstrip("\ufffd"))
