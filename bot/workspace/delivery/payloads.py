"""The events the bot receives.

Pure functions that return Slack's JSON; they send nothing and keep nothing. What people press, run
and submit is in `interaction_payloads`.
"""

from __future__ import annotations

import time
import uuid
from typing import Any

from bot.workspace.state.channels import Channel
from bot.workspace.state.conversations import Message, without
from bot.workspace.state.people import APP_ID, BOT_USER, TEAM_ID

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
        # Slack Connect people take part in every public channel.
        "is_ext_shared_channel": str(event.get("channel", "")).startswith("C"),
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


def messages_opened(channel: Channel, user: str, ts: str) -> dict[str, Any]:
    """The event of a person who opens their direct messages with the bot."""
    return {
        "type": "app_home_opened",
        "user": user,
        "channel": channel.id,
        "tab": "messages",
        "event_ts": ts,
    }


def session_stopped(
    channel: Channel, user: str, thread_ts: str, streams: list[str], ts: str
) -> dict[str, Any]:
    """The event of a person who presses Stop on an agent's session; `streams` were stopped."""
    return {
        "type": "agent_session_stopped",
        "channel": channel.id,
        "thread_ts": thread_ts,
        "user": user,
        "streaming_message_ts": streams,
        "event_ts": ts,
    }


def home_opened(
    channel: Channel, user: str, view: dict[str, Any] | None, ts: str
) -> dict[str, Any]:
    """The event of a person who opens the bot's Home tab; `view` is what it shows so far."""
    event = {
        "type": "app_home_opened",
        "user": user,
        "channel": channel.id,
        "tab": "home",
        "event_ts": ts,
    }
    return event if view is None else event | {"view": view}
