"""Who may call the `/local/*` routes, and as whom."""

from __future__ import annotations

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp

from bot.workspace.server import running
from bot.workspace.state.channels import channel_named
from bot.workspace.workspace import Workspace
from tests.bot.conftest import cookie_of
from tests.bot.workspace.conftest import Connect, Json, soon

ROUTES = [
    ("POST", "command"),
    ("POST", "action"),
    ("POST", "shortcut"),
    ("POST", "view"),
    ("GET", "view?user=UADMIN"),
    ("GET", "home?user=UADMIN"),
    ("POST", "faults"),
    ("GET", "faults"),
    ("GET", "ephemeral?channel=CGENERAL&user=UADMIN"),
    ("GET", "state"),
    ("GET", "events"),
]
TOKENS = [
    "",
    "xoxp-local-UADMIN",
    "xoxp-local-UADMIN-",
    f"xoxp-local-UADMIN-{'0' * 32}",
    "xoxp-local-UNOBODY-{secret}",
    "xoxp-local-UBOT-{secret}",
    "{secret}",
    "xoxb-local-{secret}",
    "xapp-local-{secret}",
]


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(("method", "route"), ROUTES)
async def test_a_route_serves_nobody_without_a_persons_token(
    workspace: Workspace, http: aiohttp.ClientSession, method: str, route: str, token: str
) -> None:
    bearer = f"Bearer {token.format(secret=workspace.tokens.secret)}"
    body: Json = {"channel": "CGENERAL", "user": "UADMIN", "command": "/x", "errors": {"*": 1}}
    async with http.request(
        method,
        f"{workspace.url}/local/{route}",
        headers={"Authorization": bearer},
        json=body if method == "POST" else None,
    ) as response:
        assert response.status == 403
    assert workspace.faults.shown()["errors"] == {}


async def test_a_wrong_token_is_not_made_good_by_the_cookie(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    headers = cookie_of(workspace) | {"Authorization": "Bearer xoxp-local-UADMIN-guess"}
    async with http.get(f"{workspace.url}/local/state", headers=headers) as response:
        assert response.status == 403


async def test_the_cookie_of_another_workspace_is_no_use(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    async with running() as other:
        url = f"{workspace.url}/local/state"
        async with http.get(url, headers=cookie_of(other)) as response:
            assert response.status == 403


async def test_with_a_token_its_person_acts_whomever_the_body_names(
    app: AsyncApp, connect: Connect, workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    seen: list[str] = []

    @app.command("/who")
    async def who(ack: Json, command: Json) -> None:
        await ack("you")  # type: ignore[operator]
        seen.append(command["user_id"])

    bearer = {"Authorization": f"Bearer {workspace.tokens.of('UALICE')}"}
    async with connect(app):
        for headers in (bearer, bearer | cookie_of(workspace), cookie_of(workspace)):
            async with http.post(
                f"{workspace.url}/local/command",
                headers=headers,
                json={"channel": "CGENERAL", "user": "UADMIN", "command": "/who", "text": ""},
            ) as response:
                assert response.status == 200
        general = channel_named("general")
        await soon(lambda: len(workspace.conversations.ephemeral(general, "UALICE")) == 2)
        await soon(lambda: len(workspace.conversations.ephemeral(general, "UADMIN")) == 1)
    assert seen == ["UALICE", "UALICE", "UADMIN"]


async def test_a_token_does_not_read_what_another_person_was_told(
    workspace: Workspace, http: aiohttp.ClientSession
) -> None:
    workspace.messages.post_ephemeral(channel_named("general"), "UADMIN", {"text": "psst"})
    headers = {"Authorization": f"Bearer {workspace.tokens.of('UBOB')}"}
    url = f"{workspace.url}/local/ephemeral?channel=CGENERAL&user=UADMIN"
    async with http.get(url, headers=headers) as response:
        assert (await response.json())["messages"] == []
