"""The catalogue: both languages say the same things."""

from string import Formatter

import pytest

from bot.i18n.lookup import CATALOGUE, failure, say
from trainer.data.wordings import language_of


def fields(sentence: str) -> set[str]:
    """The values a sentence names."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", CATALOGUE)
def test_both_languages_name_the_same_values(key: str) -> None:
    japanese, english = CATALOGUE[key]

    assert fields(japanese) == fields(english)
    assert language_of(english) == "en"


def test_a_value_is_data_and_never_a_format() -> None:
    assert "{limit}{0!r}" in failure("file", "en", name="{limit}{0!r}", limit=1)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("日本", "ja"),
        ("ひらがな ok", "ja"),
        ("ｶﾅ", "ja"),
        ("㐂", "ja"),
        ("hello", "en"),
        ("", "en"),
        ("😀", "en"),
    ],
)
def test_a_question_is_answered_in_its_language(text: str, language: str) -> None:
    assert language_of(text) == language


def test_a_sentence_is_found_by_its_key() -> None:
    assert say("footer.tokens", "ja", count=3) == "3 トークン"
