"""Who may train: what Slack says of a person, kept for a minute."""

from typing import Any, cast

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.people import people as module
from bot.people.admins import Admins
from bot.people.people import People
from bot.settings import BotSettings
from bot.slack.actor import Actor

ADMIN = {"id": "U1", "team_id": "T1", "is_admin": True}


class Slack:
    """Answers users.info with one user, or not at all."""

    def __init__(self, user: dict[str, Any] | None) -> None:
        self.user = user
        self.asked = 0

    async def users_info(self, *, user: str, include_locale: bool) -> Any:
        self.asked += 1
        if self.user is None:
            raise SlackApiError("no", {"ok": False, "error": "user_not_found"})  # type: ignore[no-untyped-call]
        return {"user": self.user}


def admins(slack: Slack, **settings: Any) -> Admins:
    client = cast(AsyncWebClient, slack)
    return Admins(client, People(client), BotSettings(**settings), "T1")


def actor(user: str = "U1", channel: str = "C1", *, dm: bool = False) -> Actor:
    return Actor(user, "T1", channel, dm)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"is_admin": False, "is_owner": True}, ""),
        ({"is_admin": False, "is_primary_owner": True}, ""),
        ({"is_admin": False}, "not_admin"),
        ({"deleted": True}, "guest"),
        ({"is_bot": True}, "guest"),
        ({"is_restricted": True}, "guest"),
        ({"is_ultra_restricted": True}, "guest"),
        ({"is_stranger": True}, "guest"),
        ({"team_id": "T2"}, "guest"),
        ({"team_id": "E1", "enterprise_user": {"teams": ["T1", "T2"]}}, ""),
    ],
)
async def test_slack_decides(changes: dict[str, Any], why: str) -> None:
    assert await admins(Slack(ADMIN | changes)).refusal(actor()) == why


async def test_an_answer_is_kept_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    slack = Slack(dict(ADMIN))
    known = admins(slack)
    assert [await known.refusal(actor()) for _ in range(3)] == ["", "", ""]
    assert slack.asked == 1

    assert slack.user is not None
    slack.user["is_admin"] = False
    monkeypatch.setattr(module, "KEEP_SECONDS", 0.0)
    known = admins(slack)
    assert await known.refusal(actor()) == "not_admin"
    slack.user["is_admin"] = True
    assert await known.refusal(actor()) == ""


async def test_no_answer_is_not_kept() -> None:
    slack = Slack(None)
    known = admins(slack)
    assert await known.refusal(actor()) == "unknown"

    slack.user = dict(ADMIN)
    assert await known.refusal(actor()) == ""


async def test_the_channel_comes_first_and_a_named_admin_is_not_asked_about() -> None:
    slack = Slack(None)
    known = admins(slack, channels="C2", admins="U1")

    assert await known.refusal(actor()) == "channel"
    assert await known.refusal(actor(channel="C2")) == ""
    assert await known.refusal(actor(channel="D9", dm=True)) == ""
    assert await known.refusal(actor("U2", "C2")) == "not_admin"
    assert slack.asked == 0


@pytest.mark.parametrize("settings", [{}, {"admins": "U9"}])
async def test_what_is_for_members_is_for_everybody_but_guests(settings: dict[str, str]) -> None:
    async def refusal(**changes: Any) -> str:
        slack = Slack(ADMIN | {"is_admin": False} | changes)
        return await admins(slack, **settings).refusal(actor(), members=True)

    assert await refusal() == ""
    assert await refusal(is_restricted=True) == "guest"
    assert await admins(Slack(None), **settings).refusal(actor(), members=True) == "unknown"
    assert await admins(Slack(None), channels="C2").refusal(actor(), members=True) == "channel"


class Directory(Slack):
    """Lists people page by page, or refuses to."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        super().__init__(None)
        self.pages = pages

    async def users_list(self, *, limit: int) -> Any:
        self.asked += 1
        if not self.pages:
            raise SlackApiError("no", {"ok": False, "error": "ratelimited"})  # type: ignore[no-untyped-call]

        async def pages() -> Any:
            for members in self.pages:
                yield {"members": members}

        return pages()


async def test_all_who_may_are_found_once_in_all_pages() -> None:
    slack = Directory([ADMIN, ADMIN | {"id": "U2", "is_admin": False}], [ADMIN | {"id": "U3"}])
    everybody = admins(slack)

    assert await everybody.all() == ("U1", "U3")
    assert await everybody.all() == ("U1", "U3")
    assert slack.asked == 1
    assert await admins(slack, admins=("U9",)).all() == ("U9",)
    assert await admins(Directory()).all() == ()
