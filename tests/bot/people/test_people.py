"""What Slack says of people: asked once, and never waited for longer than a command may take."""

import asyncio
from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.people import people as module
from bot.people.people import People


class Slack:
    """Answers users.info with a locale once it is let."""

    def __init__(self, locale: str | None = "ja-JP") -> None:
        self.locale = locale
        self.asked = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def users_info(self, *, user: str, include_locale: bool) -> Any:
        self.asked += 1
        await self.answers.wait()
        if self.locale is None:
            raise SlackApiError("no", {"ok": False, "error": "fatal_error"})  # type: ignore[no-untyped-call]
        return {"user": {"id": user, "locale": self.locale}}


def people(slack: Slack) -> People:
    return People(cast(AsyncWebClient, slack))


@pytest.mark.parametrize(
    ("locale", "language"), [("ja-JP", "ja"), ("en-GB", "en"), ("fr-FR", "en"), ("", None)]
)
async def test_a_locale_is_a_language(locale: str, language: str | None) -> None:
    assert await people(Slack(locale)).language("U1") == language


async def test_many_questions_about_one_person_are_one_call() -> None:
    slack = Slack()
    known = people(slack)
    assert set(await asyncio.gather(*(known.language("U1") for _ in range(20)))) == {"ja"}
    assert slack.asked == 1


async def test_a_slow_slack_is_not_waited_for_and_its_answer_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LOCALE_SECONDS", 0.01)
    slack = Slack()
    slack.answers.clear()
    known = people(slack)
    assert await known.language("U1") is None
    slack.answers.set()
    await asyncio.sleep(0.01)
    assert await known.language("U1") == "ja"
    assert slack.asked == 1


async def test_what_was_known_holds_while_slack_cannot_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slack = Slack()
    known = people(slack)
    assert await known.language("U1") == "ja"
    monkeypatch.setattr(module, "KEEP_LOCALE_SECONDS", 0.0)
    monkeypatch.setattr(module, "KEEP_SECONDS", 0.0)
    slack.locale = None
    assert await known.language("U1") == "ja"
    assert await known.about("U1") is None  # what somebody may do is not taken from memory
