"""What trainer and workers say in English when they refuse: each sentence has its Japanese."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

import tasks
import trainer
from bot.i18n.details.phrases import PHRASES
from bot.i18n.details.translated import SENTENCES, detail_in, in_japanese
from trainer.data.wordings import language_of
from trainer.errors import DataUnusable, OptionInvalid, TrainerError
from trainer.files import writing
from trainer.planning.options import OPTIONS, Options

ERRORS = {error.__name__ for error in TrainerError.__subclasses__()} - {
    "InstructionTooLong"  # the catalogue has a sentence of its own for it
}
ELSEWHERE = ("commands", "exchange", "supervisor", "metrics", "convert")
"""Folders whose errors are read in a terminal; of a model not converted people learn the kind."""


def sentences_in_source() -> Iterator[tuple[str, str]]:
    """Each sentence of an error that may reach a person, with marks for its values."""
    for package in (tasks, trainer):
        for file in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            if not set(file.parts) & set(ELSEWHERE):
                for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                    if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ERRORS:
                        text = marked(node.args[0])
                        if " " in text:  # else its only argument is a value
                            yield f"{file.name}:{node.lineno}", text


def marked(node: ast.expr) -> str:
    """The text of an expression, with ⟨code⟩ for what it puts in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.BinOp):
        return marked(node.left) + marked(node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(marked, node.values))
    code = ast.unparse(node.value if isinstance(node, ast.FormattedValue) else node)
    return f"⟨{''.join(c for c in code if c.isalnum())}⟩"


def test_every_refusal_of_trainer_and_workers_has_its_japanese() -> None:
    found = dict(sentences_in_source())
    assert len(found) > 70
    missing = {place: text for place, text in found.items() if in_japanese(text) is None}
    assert not missing
    for text in found.values():
        for value in {part.partition("⟩")[0] for part in text.split("⟨")[1:]}:
            assert f"⟨{value}⟩" in str(in_japanese(text)), "a value is lost"


def test_both_languages_name_the_same_values() -> None:
    for known in (*SENTENCES, *PHRASES):
        japanese, english = (
            {name for _, name, _, _ in Formatter().parse(text) if name} for text in known
        )
        assert japanese == english, known
        assert language_of(known[1]) == "en"


def test_what_an_option_may_be_is_said_in_japanese_too() -> None:
    for spec in OPTIONS:
        if spec.bounds or spec.choices:
            wrong: Any = ("x",) if spec.kind is tuple else "x" if spec.choices else -1
            with pytest.raises(OptionInvalid) as refused:
                Options(**{spec.name: wrong})
            japanese = str(in_japanese(str(refused.value)))
            assert language_of(japanese) == "ja"
            assert not any(word in japanese for word in ("from", "above", "one of", "more"))


def test_values_stay_and_phrases_among_them_are_translated(tmp_path: Path) -> None:
    english = DataUnusable(
        "None of the 3 rows of 'a {b} of c' can be learned from: 2 repeated, 1 x."
    )
    assert "'a {b} of c' の3行" in str(in_japanese(str(english)))
    both = "None of the 3 rows of 'a' can be learned from: 2 repeated, 1 without an answer."
    assert "重複する行 2件、答えがない行 1件" in str(in_japanese(both))
    with pytest.raises(TrainerError) as full, writing(tmp_path):
        raise OSError(13, os.strerror(13))
    assert "許可がありません" in str(in_japanese(str(full.value)))


def test_what_is_not_known_is_said_to_be_english() -> None:
    assert detail_in("ja", "Something else.") == "（英語の詳細: Something else.）"
    assert detail_in("en", "Something else.") == "Something else."
    assert in_japanese("There is no data at " * 100_000) is None
