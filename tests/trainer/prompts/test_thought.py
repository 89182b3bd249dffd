"""A prompt without a thought: the template's own empty one, else the one of the model's marks."""

from typing import Any

import pytest

from trainer.prompts.example import encode_example
from trainer.prompts.prompt import render
from trainer.prompts.templates import STYLES
from trainer.prompts.thought import answer_of

ASKED = "{% for message in messages %}{{ message.content }}{% endfor %}"
ASSISTANT = ASKED + "\n\nassistant\n"  # Jinja drops the newline behind a block
QWEN3 = (
    ASSISTANT + "{% if enable_thinking is defined and enable_thinking is false %}"
    "<think>\n\n</think>\n\n{% endif %}"
)
PLAIN = ASSISTANT + "{# <think> #}"
OPENED = ASSISTANT + "<think>{{ '\\n' }}"
HARMONY = ASKED + "<|start|>assistant{# <|channel|> #}"


def prompt(tokenizer: Any, template: str, *, thinking: bool) -> str:
    """Return the prompt of one question in a chat template."""
    before = tokenizer.chat_template
    tokenizer.chat_template = template
    try:
        return render(STYLES["chat"], tokenizer, "Q", thinking=thinking).text
    finally:
        tokenizer.chat_template = before


@pytest.mark.parametrize(
    ("template", "on", "off"),
    [
        (QWEN3, "Q\nassistant\n", "Q\nassistant\n<think>\n\n</think>\n\n"),
        (PLAIN, "Q\nassistant\n", "Q\nassistant\n<think>\n\n</think>\n\n"),
        (OPENED, "Q\nassistant\n<think>\n", "Q\nassistant\n<think>\n\n</think>\n\n"),
        (HARMONY, "Q<|start|>assistant", "Q<|start|>assistant<|channel|>final<|message|>"),
        (ASKED, "Q", "Q"),
    ],
)
def test_without_thinking_the_prompt_holds_one_empty_thought(
    chatty: Any, template: str, on: str, off: str
) -> None:
    assert prompt(chatty, template, thinking=True) == on
    assert prompt(chatty, template, thinking=False) == off


def test_a_style_without_a_template_has_no_thought(japanese: Any) -> None:
    style = STYLES["alpaca-ja"]

    assert render(style, japanese, "Q", thinking=False) == render(style, japanese, "Q")


def test_an_answer_behind_an_empty_thought_is_the_whole_text(chatty: Any) -> None:
    said = chatty("yes")["input_ids"]

    assert answer_of(chatty, said, "<think>\n\n</think>\n\n") == "yes"


@pytest.mark.parametrize("template", [QWEN3, PLAIN, OPENED, HARMONY])
def test_a_training_teaches_the_answer_behind_the_empty_thought_of_a_question_without_thinking(
    chatty: Any, monkeypatch: pytest.MonkeyPatch, template: str
) -> None:
    monkeypatch.setattr(chatty, "chat_template", template)
    style = STYLES["chat"]
    asked = render(style, chatty, "Q", thinking=False)

    example = encode_example(style, chatty, "Q", "", "yes")

    assert example.ids[: example.prompt_length] == asked.ids
    assert asked.ids != render(style, chatty, "Q").ids
    assert chatty.decode(example.ids[example.prompt_length : -1]) == "yes"
