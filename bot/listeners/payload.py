"""What Slack sends is of the shape that the listeners read; everything else is left alone.

Only the fields that are read are checked, and only of the kinds of payload that have a listener:
Slack adds fields and events whenever it likes.
"""

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)


class _File(_Shape):
    name: str | None = None
    size: int | None = None
    url_private: str | None = None


class _Message(_Shape):
    type: Literal["message", "app_mention"]
    channel: str
    ts: str
    channel_type: str | None = None
    subtype: str | None = None
    user: str | None = None
    bot_id: str | None = None
    text: str | None = None
    thread_ts: str | None = None
    files: list[_File] | None = None


class _Event(_Shape):
    type: Literal["event_callback"]
    team_id: str = ""
    event: _Message


class _Command(_Shape):
    command: str
    user_id: str
    channel_id: str
    team_id: str = ""
    text: str | None = None
    trigger_id: str = ""
    response_url: str = ""


class _Person(_Shape):
    id: str
    team_id: str = ""


class _Named(_Shape):
    id: str


class _Container(_Shape):
    channel_id: str
    message_ts: str


class _PressedMessage(_Shape):
    text: str | None = None


class _Action(_Shape):
    type: str
    action_id: str
    block_id: str | None = None
    value: str | None = None


class _Press(_Shape):
    type: Literal["block_actions"]
    user: _Person
    team: _Named | None = None
    channel: _Named | None = None
    container: _Container
    message: _PressedMessage | None = None
    response_url: str = ""
    actions: list[_Action] = Field(min_length=1)


def fault_of(payload: Mapping[str, Any]) -> str:
    """Return which field of a payload is not as Slack sends it; empty where all are.

    A payload of a kind that no listener reads has a fault too.
    """
    try:
        _shape_of(payload).model_validate(payload)
    except ValidationError as error:
        return ".".join(str(part) for part in error.errors()[0]["loc"])
    return ""


def _shape_of(payload: Mapping[str, Any]) -> type[_Shape]:
    if "command" in payload:
        return _Command
    return _Press if payload.get("type") == "block_actions" else _Event


def printable(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload with question marks for halves of surrogate pairs.

    JSON can spell half a character; nothing can store or print it.
    """
    text = json.dumps(payload, ensure_ascii=False)
    cleaned: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return cleaned
