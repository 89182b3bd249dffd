"""The payloads the bot receives: events, slash commands, pressed buttons.

Pure functions that return Slack's JSON; they send nothing and keep nothing.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from bot.workspace.state.channels import Channel
from bot.workspace.state.conversations import Message, without
from bot.workspace.state.people import APP_ID, BOT_USER, PEOPLE, TEAM_DOMAIN, TEAM_ID

VERIFICATION_TOKEN = "local"  # noqa: S105 - a field Slack still sends and no bot checks


def callback(event: dict[str, Any]) -> dict[str, Any]:
    """Wrap an event the way the Events API delivers it."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": "Ev" + uuid.uuid4().hex[:12].upper(),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": uuid.uuid4().hex,
    }


def posted(channel: Channel, message: Message) -> list[dict[str, Any]]:
    """The events of a new message: `message`, and `app_mention` when a person mentions the bot."""
    where = {"channel": channel.id, "event_ts": message["ts"]}
    public = without(message, "metadata")
    events = [public | where | {"channel_type": channel.kind}]
    mentioned = f"<@{BOT_USER}>" in message.get("text", "")
    if channel.kind == "channel" and mentioned and message["user"] != BOT_USER:
        events.insert(0, without(public, "subtype") | where | {"type": "app_mention"})
    return events


def changed(channel: Channel, message: Message, before: Message, ts: str) -> dict[str, Any]:
    """The event of an edited message."""
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "message": message,
        "previous_message": before,
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": ts,
        "event_ts": ts,
    }


def deleted(channel: Channel, before: Message, ts: str) -> dict[str, Any]:
    """The event of a deleted message."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "deleted_ts": before["ts"],
        "previous_message": before,
        "channel": channel.id,
        "channel_type": channel.kind,
        "ts": ts,
        "event_ts": ts,
    }


def slash_command(
    channel: Channel, user: str, command: str, text: str, response_url: str
) -> dict[str, Any]:
    """The payload of a slash command."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name or "directmessage",
        "user_id": user,
        "user_name": PEOPLE[user].name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": _trigger_id(),
    }


def block_action(
    channel: Channel, user: str, message: Message, action: dict[str, Any], response_url: str
) -> dict[str, Any]:
    """The payload of a pressed button. As in Slack, an ephemeral message is not included."""
    ephemeral = bool(message.get("is_ephemeral"))
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    person = PEOPLE[user]
    return {
        "type": "block_actions",
        "user": {
            "id": user,
            "username": person.name,
            "name": person.name,
            "team_id": TEAM_ID,
        },
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "container": container,
        "trigger_id": _trigger_id(),
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        **({} if ephemeral else {"message": message}),
        "state": {"values": {}},
        "response_url": response_url,
        "actions": [action],
    }


def _trigger_id() -> str:
    return f"{time.time_ns()}.{TEAM_ID}.{uuid.uuid4().hex}"
