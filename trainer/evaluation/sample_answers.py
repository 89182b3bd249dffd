"""A few fixed questions, answered greedily, so that people can compare an adapter with its base.

They are shown and not judged. This module does not know which adapter the model carries.
"""

from typing import Any

from trainer.evaluation.greedy_answers import Question, greedy_answers
from trainer.prompts.templates import Style, Tokenizer

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
    asked = [Question(instruction, input, ANSWER_TOKENS) for instruction, input in QUESTIONS]
    # One at a time: what is shown must not depend on the padding of other questions.
    answered = greedy_answers(model, tokenizer, style, asked, at_once=1)
    return [
        {"instruction": one.instruction, "input": one.input, "answer": answer}
        for one, answer in zip(asked, answered, strict=True)
    ]
