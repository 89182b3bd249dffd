"""`--demo`: Alice asks one question at the first start, and the answer is printed.

Follows the feed; knows nothing of how the answer comes about.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from bot.workspace.delivery.feed import Happening
from bot.workspace.state.people import BOT_USER
from bot.workspace.state.state import Message
from bot.workspace.workspace import Workspace

EVENT_TYPE = "swallow_job"
FINAL_STATES = ("finished", "failed", "cancelled")

Say = Callable[[str], None]


class Demo:
    """Asks `text` in #general once a bot is connected, and says what was asked and answered."""

    def __init__(self, workspace: Workspace, text: str, say: Say) -> None:
        self._workspace = workspace
        self._text = text
        self._say = say
        self._thread = ""
        self._answered = False
        if workspace.state.is_new:
            workspace.feed.watch(self._notice)
            if workspace.sockets.connected:
                self._ask()

    def _notice(self, happening: Happening) -> None:
        if happening.kind == "connection" and happening.data["connected"] and not self._thread:
            self._ask()
        elif happening.kind in ("message", "changed") and not self._answered:
            self._listen(happening.data["message"])

    def _ask(self) -> None:
        channel = self._workspace.state.channel("general")
        text = f"<@{BOT_USER}> {html.escape(self._text, quote=False)}"
        self._thread = self._workspace.messages.post(channel, "UALICE", {"text": text})["ts"]
        self._say(f"alice: {self._text}")

    def _listen(self, message: Message) -> None:
        if message.get("thread_ts") != self._thread or message["user"] != BOT_USER:
            return
        metadata = message.get("metadata") or {}
        state = metadata.get("event_payload", {}).get("state")
        if metadata.get("event_type") == EVENT_TYPE and state in FINAL_STATES:
            self._answered = True
            self._say(f"swallow: {html.unescape(message['text'])}")
