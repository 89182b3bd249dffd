"""Fault injection: what the workspace does wrong on purpose, so that tests see the bot cope.

Knows only counters and switches; the modules that misbehave ask here.
"""

from __future__ import annotations

from typing import Any, Literal

from bot.workspace.errors import BadRequest
from bot.workspace.state.timestamps import age_of

Silence = Literal["", "mute", "deaf"]
"""A socket that stays open and carries nothing: a mute one still answers pings."""

Counted = Literal["rate_limit", "errors", "lose_response"]

_COUNTED: tuple[Counted, ...] = ("rate_limit", "errors", "lose_response")
_SECONDS = ("late_events", "expire_streaming")

STREAM_SECONDS = 300.0
"""After so long Slack ends a stream, also one that is in use."""


class Faults:
    """The current setting. A counter goes down by one with each fault it causes."""

    def __init__(self) -> None:
        self._counters: dict[str, dict[str, int]] = {kind: {} for kind in _COUNTED}
        self.duplicate_events = 0
        self.late_events = 0.0
        self.refuse_streaming = False
        self.expire_streaming = 0.0
        self.streaming_bytes = 0
        self.drop_sockets: bool | Literal["abrupt"] = False
        self.silent_sockets: Silence = ""
        self.revoked = False
        self.archived: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """The setting as JSON."""
        return {
            **{kind: dict(methods) for kind, methods in self._counters.items()},
            "drop_sockets": self.drop_sockets,
            "duplicate_events": self.duplicate_events,
            "late_events": self.late_events,
            "refuse_streaming": self.refuse_streaming,
            "expire_streaming": self.expire_streaming,
            "streaming_bytes": self.streaming_bytes,
            "silent_sockets": self.silent_sockets,
            "revoked": self.revoked,
            "archived": list(self.archived),
        }

    def set(self, setting: dict[str, Any]) -> None:
        """Set the faults named, leave the others. Raises BadRequest before any change."""
        checked = {key: _checked(key, value) for key, value in setting.items()}
        for key, value in checked.items():
            if key in self._counters:
                self._counters[key] = value
            else:
                setattr(self, key, value)

    def take(self, kind: Counted, method: str) -> bool:
        """Whether this call of `method` is to fail; if so, counts down."""
        counters = self._counters[kind]
        for name in (method, "*"):
            if counters.get(name, 0) > 0:
                counters[name] -= 1
                if not counters[name]:
                    del counters[name]
                return True
        return False

    def take_duplicate(self) -> bool:
        """Whether this event is to be delivered twice; if so, counts down."""
        if not self.duplicate_events:
            return False
        self.duplicate_events -= 1
        return True

    def stream_expired(self, ts: str) -> bool:
        """Whether a stream that was started at `ts` has expired by now."""
        return age_of(ts) > (self.expire_streaming or STREAM_SECONDS)


def _checked(key: str, value: Any) -> Any:
    if key in _COUNTED:
        return _checked_counts(key, value or {})
    if key in ("duplicate_events", "streaming_bytes"):
        return _checked_count(key, value or 0)
    if key in _SECONDS:
        if isinstance(value, bool) or not isinstance(value or 0, int | float) or (value or 0) < 0:
            raise BadRequest(f"{key} takes a number of seconds, not {value!r}.")
        return float(value or 0)
    if key in ("refuse_streaming", "revoked") or (key == "drop_sockets" and value != "abrupt"):
        if not isinstance(value, bool | None):
            raise BadRequest(f"{key} takes true or false, not {value!r}.")
        return bool(value)
    if key == "drop_sockets":
        return value
    if key == "silent_sockets":
        if value not in ("", "mute", "deaf", False, None):
            raise BadRequest(f'silent_sockets takes "mute", "deaf" or "", not {value!r}.')
        return value or ""
    if key == "archived":
        return _checked_names(value or [])
    raise BadRequest(f"There is no fault named {key!r}.")


def _checked_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadRequest("archived takes a list of channel ids.")
    return tuple(value)


def _checked_counts(key: str, value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise BadRequest(f'{key} takes counts by method, like {{"chat.postMessage": 1}}.')
    return {str(method): _checked_count(key, count) for method, count in value.items() if count}


def _checked_count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadRequest(f"{key} counts in whole numbers from 0, not {value!r}.")
    return value
