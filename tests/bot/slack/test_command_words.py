"""The words of slash commands."""

from bot.slack.command_words import split


def test_an_option_its_equals_sign_and_its_value_are_one_word() -> None:
    assert split(" epochs = 1  lr＝ 2 output =a= b ") == ["epochs=1", "lr=2", "output=a=b"]


def test_spaces_are_searched_once() -> None:
    """One search for each space, and this would take an hour, in which no bot answers."""
    spaces = " " * 300_000

    assert split(f"{spaces}epochs{spaces}={spaces}1{spaces}") == ["epochs=1"]
