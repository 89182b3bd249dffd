"""The payloads of what people do with the bot: commands, presses, shortcuts and forms.

Pure functions that return Slack's JSON; they send nothing and keep nothing.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.block_kit.views import View
from bot.workspace.delivery.payloads import VERIFICATION_TOKEN
from bot.workspace.state.channels import Channel
from bot.workspace.state.conversations import Message
from bot.workspace.state.people import APP_ID, PEOPLE, TEAM_DOMAIN, TEAM_ID

Json = dict[str, Any]


def slash_command(
    channel: Channel, user: str, command: str, text: str, response_url: str, trigger_id: str
) -> Json:
    """The payload of a slash command."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": _name_of(channel),
        "user_id": user,
        "user_name": PEOPLE[user].name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def press_in_message(
    channel: Channel,
    user: str,
    message: Message,
    action: Json,
    response_url: str,
    trigger_id: str,
) -> Json:
    """The payload of a press in a message. As in Slack, an ephemeral message is not included."""
    ephemeral = bool(message.get("is_ephemeral"))
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    return _interaction("block_actions", user, trigger_id) | {
        "container": container,
        "channel": _shown(channel),
        **({} if ephemeral else {"message": message}),
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }


def press_in_view(user: str, view: View, action: Json, trigger_id: str) -> Json:
    """The payload of a press in a form or in the Home tab: there is neither channel nor message."""
    return _interaction("block_actions", user, trigger_id) | {
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [action],
    }


def view_submission(user: str, view: View, trigger_id: str) -> Json:
    """The payload of a submitted form."""
    return _interaction("view_submission", user, trigger_id) | {"view": view, "response_urls": []}


def view_closed(user: str, view: View, *, is_cleared: bool) -> Json:
    """The payload of a form that was closed without being submitted; it has no trigger."""
    payload = _interaction("view_closed", user, "")
    del payload["trigger_id"]
    return payload | {"view": view, "is_cleared": is_cleared}


def message_shortcut(
    channel: Channel,
    user: str,
    message: Message,
    callback_id: str,
    response_url: str,
    trigger_id: str,
    ts: str,
) -> Json:
    """The payload of a shortcut in a message's menu, used at `ts`."""
    return _interaction("message_action", user, trigger_id) | {
        "callback_id": callback_id,
        "action_ts": ts,
        "channel": _shown(channel),
        "message_ts": message["ts"],
        "message": message,
        "response_url": response_url,
    }


def _interaction(kind: str, user: str, trigger_id: str) -> Json:
    """What every interaction has."""
    person = PEOPLE[user]
    return {
        "type": kind,
        "user": {
            "id": user,
            "username": person.name,
            "name": person.name,
            "team_id": person.team,
        },
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "trigger_id": trigger_id,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _shown(channel: Channel) -> Json:
    return {"id": channel.id, "name": _name_of(channel)}


def _name_of(channel: Channel) -> str:
    return channel.name or "directmessage"
