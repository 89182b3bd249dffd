"""The answers shown side by side hold no thought, and no token of theirs is spent on one."""

from pathlib import Path

import pytest

from tests.tasks.models.thinking_model import write_thinking
from trainer.base_model.load import load_model
from trainer.base_model.tokenizer import load_tokenizer
from trainer.evaluation.sample_answers import answers
from trainer.prompts.templates import choose_style


@pytest.mark.parametrize(
    ("opened", "comment"),
    [
        (False, ""),  # the empty thought is ours
        (True, ""),
        (False, "enable_thinking"),  # a template that says it knows the switch, and thinks on
    ],
)
def test_a_model_that_thinks_first_is_shown_without_its_thought(
    tmp_path: Path, opened: bool, comment: str
) -> None:
    source = write_thinking(
        tmp_path, thought="Hm, so", answer="\nYES!", opened=opened, comment=comment
    )
    tokenizer = load_tokenizer(source)

    shown = answers(load_model(source), tokenizer, choose_style(tokenizer))

    assert {entry["answer"] for entry in shown} == {"YES!"}
