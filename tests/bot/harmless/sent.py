"""Everything that an app sends to a local workspace: calls, response_urls, acknowledgements."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.web_api.dispatch import METHODS
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


@dataclass
class Sent:
    """What was sent, in its order, each with the way it took.

    Of a stream each entry has all that was streamed into the message so far: what is harmless in
    pieces may not be so together.
    """

    all: list[tuple[str, Json]] = field(default_factory=list)
    _streamed: dict[str, str] = field(default_factory=dict)

    def add(self, way: str, body: Json) -> None:
        """Note what came in."""
        self.all.append((way, {name: _decoded(value) for name, value in body.items()}))

    def stream(self, way: str, body: Json, ts: str) -> None:
        """Note a piece of the message at `ts`."""
        pieces = [str(body.get("markdown_text") or "")]
        for chunk in _decoded(body.get("chunks")) or []:
            pieces.append(str(chunk.get("text") or "") * (chunk.get("type") == "markdown_text"))
        self._streamed[ts] = self._streamed.get(ts, "") + "".join(pieces)
        self.add(way, body | {"markdown_text": self._streamed[ts]})

    def ways_of(self, word: str) -> set[str]:
        """Return the ways in which something with this word was sent."""
        return {way for way, body in self.all if word in json.dumps(body, ensure_ascii=False)}


def everything_sent(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Note from now on what the app sends; before it connects."""
    sent = Sent()
    for name in list(METHODS):
        monkeypatch.setitem(METHODS, name, _noted(sent, name))

    def use(key: str, body: Json) -> None:
        sent.add("response_url", body)
        respond(key, body)

    def acknowledge(text: str) -> None:
        payload = json.loads(text).get("payload")
        sent.add("acknowledgement", payload if isinstance(payload, dict) else {})
        take(text)

    respond, take = workspace.response_urls.use, workspace.envelopes.acknowledge
    monkeypatch.setattr(workspace.response_urls, "use", use)
    monkeypatch.setattr(workspace.envelopes, "acknowledge", acknowledge)
    return sent


def _noted(sent: Sent, name: str) -> Callable[[Workspace, Caller, Arguments], Json]:
    method = METHODS[name]

    def noted(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
        body = dict(args._values)
        if caller.kind == "user":
            return method(workspace, caller, args)
        if "Stream" not in name:
            sent.add(name, body)
            return method(workspace, caller, args)
        answer = method(workspace, caller, args)
        sent.stream(name, body, str(answer["ts"]))
        return answer

    return noted


def _decoded(value: Any) -> Any:
    """Return a value of Slack's form, in which a list or an object may be JSON in a string."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
