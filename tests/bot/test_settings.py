"""The bot's settings and tokens."""

import pytest

from bot.__main__ import main
from bot.errors import TokensMissing
from bot.settings import BotSettings, bot_settings
from bot.slack.client import client_of
from tasks.errors import EXIT_SETTING_INVALID, SettingInvalid
from tasks.settings import Settings, checked


def test_lists_are_split_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWALLOW_CHANNELS", "C1, C2,")

    assert checked(BotSettings).channels == ("C1", "C2")


def test_a_wrong_value_is_named_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWALLOW_LANGUAGE", "fr")

    with pytest.raises(SettingInvalid, match="SWALLOW_LANGUAGE is 'fr'"):
        checked(BotSettings)


def test_a_bot_with_a_wrong_value_ends_in_a_way_that_its_supervisor_knows(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SWALLOW_LANGUAGE", "fr")
    monkeypatch.setattr("sys.argv", ["bot", "--check"])
    bot_settings.cache_clear()

    assert main() == 1
    monkeypatch.setenv("SWALLOW_SUPERVISED", "1")
    assert main() == EXIT_SETTING_INVALID
    assert "SWALLOW_LANGUAGE is 'fr'" in capsys.readouterr().err


def test_empty_lines_of_a_template_mean_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SWALLOW_MODEL", "SWALLOW_LANGUAGE", "SWALLOW_STYLE", "SLACK_BOT_TOKEN"):
        monkeypatch.setenv(name, "")

    assert checked(Settings).model is None
    assert checked(BotSettings).language is None
    assert not checked(Settings).uses_slack


def test_one_token_without_the_other_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")

    with pytest.raises(SettingInvalid, match="SLACK_APP_TOKEN is not set"):
        _ = checked(Settings).uses_slack
    with pytest.raises(TokensMissing, match="SLACK_APP_TOKEN is not set"):
        client_of(checked(BotSettings))


def test_over_http_the_signing_secret_stands_for_the_second_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SWALLOW_HTTP", "[::1]:3000")
    assert checked(BotSettings).http == ("::1", 3000)

    with pytest.raises(SettingInvalid, match="SLACK_SIGNING_SECRET is not set"):
        _ = checked(Settings).uses_slack
    with pytest.raises(TokensMissing, match="SLACK_SIGNING_SECRET is not set"):
        client_of(checked(BotSettings))
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "hunter2")
    assert checked(Settings).uses_slack
    assert client_of(checked(BotSettings)).token == "xoxb-1"


def test_an_address_that_is_none_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SWALLOW_HTTP", "localhost")

    with pytest.raises(SettingInvalid, match="SWALLOW_HTTP is 'localhost': it must be a port, or"):
        checked(Settings)


def test_the_settings_are_printed_without_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-hunter2")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-hunter2")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "hunter2")

    for settings in (checked(BotSettings), checked(Settings)):
        assert "hunter2" not in repr(settings) + str(settings)
