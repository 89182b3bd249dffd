"""Two questions are the same where people would say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.data.questions import question_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("What is a swallow?", ""), ("what is  a swallow", "")),
        (("日本の首都は？", ""), ("日本の首都は?", "")),
        (("ＡＢＣとは", ""), ("abcとは。", "")),
        (("か\u3099く", ""), ("がく", "")),
        (("Translate", "Good day."), ("Translate Good day.", "")),
    ],
)
def test_the_same_question_typed_otherwise_has_the_same_key(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert question_key(*one) == question_key(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Is it 9?", "Is it 10?"),
        ("日本の首都は？", "日本の首都と人口は？"),
        ("What is C?", "What is C++?"),
    ],
)
def test_another_question_has_another_key(one: str, other: str) -> None:
    assert question_key(one) != question_key(other)


@given(st.text(max_size=40))
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert question_key(question_key(text)) == question_key(text)
