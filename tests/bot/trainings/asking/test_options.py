"""The options offered in Slack are the trainer's, and the catalogue says what each expects."""

import pytest

from bot.i18n.lookup import CATALOGUE
from bot.slack.command_words import Wrong
from bot.trainings.asking.options import OPTIONS, find
from trainer.planning.option_spec import OptionSpec
from trainer.planning.options import OPTIONS as TRAINER_OPTIONS


def test_the_catalogue_says_what_each_option_expects() -> None:
    assert {f"expected.{option.expected}" for option in OPTIONS} <= CATALOGUE.keys()


@pytest.mark.parametrize("spec", [one for one in TRAINER_OPTIONS if one.chat_name])
def test_an_option_is_found_by_its_chat_name_and_by_its_flag(spec: OptionSpec) -> None:
    option = find(str(spec.chat_name))

    assert option is not None
    assert option.key == spec.name
    assert find(spec.flag) is option


@pytest.mark.parametrize("word", ["よくある質問", "¹", "faq-2"])
def test_data_takes_what_may_name_a_dataset(word: str) -> None:
    data, output = find("data"), find("output")

    assert data is not None
    assert output is not None
    assert data.read(word) == word
    assert isinstance(output.read("よくある質問"), Wrong)
