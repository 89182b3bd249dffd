"""The methods about accounts: auth.test, users.* and apps.connections.open.

The set of accounts is in `state.people`, the connections are in `delivery.sockets`.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.state.people import (
    APP_ID,
    BOT_ID,
    PEOPLE,
    TEAM_ID,
    TEAM_NAME,
    Person,
    person_named,
)
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


def auth_test(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """auth.test: whose token it is."""
    identity: Json = {
        "url": f"{workspace.url}/",
        "team": TEAM_NAME,
        "user": PEOPLE[caller.user].name,
        "team_id": TEAM_ID,
        "user_id": caller.user,
        "is_enterprise_install": False,
    }
    if caller.kind == "bot":
        identity |= {"bot_id": BOT_ID, "app_id": APP_ID}
    return identity


def connections_open(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """apps.connections.open: where to connect for Socket Mode."""
    ticket = workspace.sockets.issue_ticket()
    return {"url": f"ws://127.0.0.1:{workspace.port}/link/?ticket={ticket}&app_id={APP_ID}"}


def list_users(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """users.list: every account, the bot's included."""
    return {
        "members": [_shown(workspace, person, args) for person in PEOPLE.values()],
        "response_metadata": {"next_cursor": ""},
    }


def user_info(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """users.info."""
    person = person_named(args.text("user"))
    return {"user": _shown(workspace, person, args)}


def _shown(workspace: Workspace, person: Person, args: Arguments) -> Json:
    return person.shown(workspace.locale_of(person) if args.flag("include_locale") else None)


METHODS = {
    "auth.test": auth_test,
    "apps.connections.open": connections_open,
    "users.list": list_users,
    "users.info": user_info,
}
