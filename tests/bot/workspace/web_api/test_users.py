"""Accounts, and which method each kind of token may call."""

from __future__ import annotations

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace


async def test_the_bot_learns_who_it_is_and_what_it_may_do(
    bot: AsyncWebClient, workspace: Workspace
) -> None:
    identity = await bot.auth_test()

    assert identity["user_id"] == "UBOT"
    assert identity["bot_id"] == "BBOT"
    assert identity["user"] == "swallow"
    assert identity["team_id"].startswith("T")
    assert identity["url"] == f"{workspace.url}/"
    assert "chat:write" in identity.headers["X-OAuth-Scopes"]


async def test_a_person_learns_who_they_are(alice: AsyncWebClient) -> None:
    identity = await alice.auth_test()
    assert (identity["user_id"], identity.get("bot_id")) == ("UALICE", None)


async def test_only_the_admin_is_an_admin(bot: AsyncWebClient) -> None:
    members = (await bot.users_list())["members"]
    assert {m["id"]: m["is_admin"] for m in members} == {
        "UADMIN": True,
        "UALICE": False,
        "UBOB": False,
        "UGUEST": False,
        "UPARTNER": False,
        "UBOT": False,
    }
    assert all("is_owner" in m and "tz" in m and "profile" in m for m in members)


async def test_guests_and_people_of_other_workspaces_are_told_apart(bot: AsyncWebClient) -> None:
    guest = (await bot.users_info(user="UGUEST"))["user"]
    partner = (await bot.users_info(user="UPARTNER"))["user"]
    assert (guest["is_restricted"], "is_stranger" in guest) == (True, False)
    assert (partner["is_stranger"], partner["team_id"]) == (True, "TPARTNER")


async def test_a_locale_is_told_to_those_who_ask(bot: AsyncWebClient) -> None:
    asked = await bot.users_info(user="UALICE", include_locale=True)
    plain = await bot.users_info(user="UALICE")
    assert asked["user"]["locale"] == "ja-JP"
    assert "locale" not in plain["user"]


@pytest.mark.parametrize(
    ("token", "method", "error"),
    [
        ("", "auth.test", "not_authed"),
        ("xoxb-other", "auth.test", "invalid_auth"),
        ("xoxb-local-", "auth.test", "invalid_auth"),
        ("xoxb-local-{secret}0", "auth.test", "invalid_auth"),
        ("xoxb-local-00000000000000000000000000000000", "auth.test", "invalid_auth"),
        ("xoxp-local-UADMIN-\u3042", "auth.test", "invalid_auth"),
        ("xoxp-local-UNOBODY-{secret}", "auth.test", "invalid_auth"),
        ("xoxp-local-UBOT-{secret}", "auth.test", "invalid_auth"),
        ("UALICE-{secret}", "auth.test", "invalid_auth"),
        ("xoxb-local-{secret}", "apps.connections.open", "not_allowed_token_type"),
        ("xoxp-local-UALICE-{secret}", "apps.connections.open", "not_allowed_token_type"),
        ("xoxp-local-UALICE-{secret}", "chat.update", "not_allowed_token_type"),
        ("xapp-local-{secret}", "chat.postMessage", "not_allowed_token_type"),
        ("xoxb-local-{secret}", "admin.everything", "unknown_method"),
    ],
)
async def test_a_token_opens_only_its_own_doors(
    workspace: Workspace, token: str, method: str, error: str
) -> None:
    client = AsyncWebClient(
        token.format(secret=workspace.tokens.secret), base_url=workspace.api_url
    )
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method)
    assert caught.value.response["error"] == error
