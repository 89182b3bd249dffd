"""What Slack sends is of the shape that the listeners read; everything else is left alone.

Only the fields that are read are checked, and only of the kinds of payload that have a listener:
Slack adds fields and events whenever it likes.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)


class _File(_Shape):
    name: str | None = None
    size: int | None = None
    url_private: str | None = None


class _Edited(_Shape):
    ts: str


class _Said(_Shape):
    ts: str
    thread_ts: str | None = None
    user: str | None = None
    bot_id: str | None = None
    text: str | None = None


class _Written(_Said):
    subtype: str | None = None
    files: list[_File] | None = None


class _Changed(_Written):
    edited: _Edited | None = None


class _Message(_Written):
    type: Literal["message", "app_mention"]
    channel: str
    channel_type: str | None = None
    message: _Changed | None = None
    previous_message: _Changed | None = None
    deleted_ts: str | None = None


class _HomeOpened(_Shape):
    type: Literal["app_home_opened"]
    user: str
    channel: str | None = None
    tab: str | None = None


class _SessionStopped(_Shape):
    type: Literal["agent_session_stopped"]
    user: str
    channel: str
    thread_ts: str


class _Event(_Shape):
    type: Literal["event_callback"]
    team_id: str = ""
    event: Annotated[_Message | _HomeOpened | _SessionStopped, Field(discriminator="type")]


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


class _MessageContainer(_Shape):
    channel_id: str
    message_ts: str
    thread_ts: str | None = None


class _ViewContainer(_Shape):
    type: Literal["view"]
    view_id: str


class _View(_Shape):
    id: str
    type: str
    callback_id: str = ""
    private_metadata: str = ""


class _PressedMessage(_Shape):
    text: str | None = None


class _Action(_Shape):
    type: str
    action_id: str
    block_id: str | None = None
    value: str | None = None
    action_ts: str | None = None


class _Interaction(_Shape):
    user: _Person
    team: _Named | None = None
    response_url: str = ""
    trigger_id: str = ""


class _Press(_Interaction):
    type: Literal["block_actions"]
    channel: _Named | None = None
    container: _MessageContainer
    message: _PressedMessage | None = None
    actions: list[_Action] = Field(min_length=1)


class _PressInView(_Interaction):
    type: Literal["block_actions"]
    container: _ViewContainer
    view: _View
    actions: list[_Action] = Field(min_length=1)


class _Form(_Interaction):
    type: Literal["view_submission"]
    view: _View


class _FormClosed(_Interaction):
    type: Literal["view_closed"]
    view: _View


class _Shortcut(_Interaction):
    type: Literal["message_action"]
    callback_id: str
    channel: _Named
    message: _Said


_INTERACTIONS: Mapping[str, type[_Shape]] = {
    "view_submission": _Form,
    "view_closed": _FormClosed,
    "message_action": _Shortcut,
}


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
    if payload.get("type") == "block_actions":
        container = payload.get("container")
        is_view = isinstance(container, Mapping) and container.get("type") == "view"
        return _PressInView if is_view else _Press
    return _INTERACTIONS.get(str(payload.get("type")), _Event)


def printable(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload with question marks for halves of surrogate pairs.

    JSON can spell half a character; nothing can store or print it.
    """
    text = json.dumps(payload, ensure_ascii=False)
    cleaned: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return cleaned
