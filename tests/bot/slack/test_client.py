"""The Web API client is made only with two tokens of the right kind."""

import pytest

from bot.errors import TokensMissing
from bot.settings import BotSettings
from bot.slack.client import client_of
from tasks.settings import checked


def test_tokens_in_each_others_place_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xapp-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xoxb-1")

    with pytest.raises(TokensMissing, match="SLACK_BOT_TOKEN does not start with xoxb-"):
        client_of(checked(BotSettings))
