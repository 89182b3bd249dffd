"""Slack's text as it comes in."""

import pytest

from bot.slack.incoming_text import has_words


@pytest.mark.parametrize(
    "text", ["", "<@U1>", ":bird: 🐦 <#C1|general>", "1 + 1 = ?", "<https://a.b>"]
)
def test_mentions_emoji_numbers_and_links_are_no_words(text: str) -> None:
    assert not has_words(text)


@pytest.mark.parametrize("text", ["<@U1> hi", "燕", "ｶﾅ :bird:", "12:30 pm"])
def test_every_letter_is_a_word(text: str) -> None:
    assert has_words(text)
