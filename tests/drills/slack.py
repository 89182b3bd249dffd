"""A faulty Slack: calls that fail in every way it knows, repeated and late events, cut sockets."""

import random
from typing import Any

from tests.system.workspace import Workspace

METHODS = (
    "chat.postMessage",
    "chat.update",
    "conversations.replies",
    "assistant.threads.setStatus",
)
KINDS = ("rate_limit", "errors", "lose_response")


class FaultySlack:
    """Sets faults of the local workspace, and counts the calls that failed by them."""

    def __init__(self, workspace: Workspace, seed: int) -> None:
        self._workspace = workspace
        self._generator = random.Random(seed)
        self._set = 0

    def spoil_calls(self, count: int) -> None:
        """Let the next calls of one method fail in one way, on top of those still to fail."""
        kind, method = self._generator.choice(KINDS), self._generator.choice(METHODS)
        calls = self._remaining()[kind]
        self._set += count
        self._workspace.local("faults", **{kind: calls | {method: calls.get(method, 0) + count}})

    def disturb_events(self) -> None:
        """Deliver the next events twice, some seconds late, or over a connection that is cut."""
        what: dict[str, Any] = self._generator.choice(
            ({"duplicate_events": 3}, {"late_events": 2.0}, {"drop_sockets": "abrupt"})
        )
        self._workspace.local("faults", **{"late_events": 0, **what})

    def calm(self) -> None:
        """End every fault."""
        self._set -= self._still_to_fail()
        self._workspace.local("faults", late_events=0, duplicate_events=0, **dict.fromkeys(KINDS))

    @property
    def failed_calls(self) -> int:
        """How many calls have failed so far."""
        return self._set - self._still_to_fail()

    def _still_to_fail(self) -> int:
        remaining = self._remaining()
        return sum(sum(remaining[kind].values()) for kind in KINDS)

    def _remaining(self) -> dict[str, dict[str, int]]:
        setting = self._workspace.local("faults")
        return {kind: setting[kind] for kind in KINDS}
