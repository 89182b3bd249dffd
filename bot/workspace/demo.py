"""`--demo`: Alice asks one question at the first start, and the answer is printed.

Knows only the messages it sees, nothing of how the bot finds the answer.
"""

from __future__ import annotations

import html
from collections.abc import Callable

from bot.workspace.delivery.page_events import PageEvent
from bot.workspace.state.channels import channel_named
from bot.workspace.state.conversations import Message
from bot.workspace.state.people import BOT_USER
from bot.workspace.workspace import Workspace

ASKER = "UALICE"

# The metadata the bot attaches to its answer, and the states in which the answer is complete.
EVENT_TYPE = "swallow_job"
FINAL_STATES = ("finished", "failed", "cancelled")

Print = Callable[[str], None]


class Demo:
    """Asks `text` in #general once a bot is connected; prints the question and the answer.

    Does nothing in a workspace that has messages already.
    """

    def __init__(self, workspace: Workspace, text: str, print_line: Print) -> None:
        self._workspace = workspace
        self._text = text
        self._print = print_line
        self._thread_ts = ""
        self._answered = False
        if workspace.conversations.is_new:
            workspace.page_events.watch(self._on_event)
            if workspace.sockets.connected:
                self._ask()

    def _on_event(self, event: PageEvent) -> None:
        if event.kind == "connection" and event.data["connected"] and not self._thread_ts:
            self._ask()
        elif event.kind in ("message", "changed") and not self._answered:
            self._print_answer(event.data["message"])

    def _ask(self) -> None:
        text = f"<@{BOT_USER}> {html.escape(self._text, quote=False)}"
        question = self._workspace.messages.post(channel_named("general"), ASKER, {"text": text})
        self._thread_ts = question["ts"]
        self._print(f"alice: {self._text}")

    def _print_answer(self, message: Message) -> None:
        """Print `message` if it is the complete answer."""
        if message.get("thread_ts") != self._thread_ts or message["user"] != BOT_USER:
            return
        metadata = message.get("metadata") or {}
        state = metadata.get("event_payload", {}).get("state")
        if metadata.get("event_type") == EVENT_TYPE and state in FINAL_STATES:
            self._answered = True
            self._print(f"swallow: {html.unescape(message['text'])}")
