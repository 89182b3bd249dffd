"""The rates at which Slack lets an app call its Web API, as its documentation gives them.

Each method has its own count for each workspace (https://docs.slack.dev/apis/web-api/rate-limits).
`apps.connections.open` (1 a minute, with a tolerated burst) is not here: a lost socket is replaced
at once, and the Socket Mode client itself waits where it is told to.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RateLimit:
    """At most `calls` within any `seconds`; of calls in the same channel, where `by_channel`."""

    calls: int
    seconds: float = 60.0
    by_channel: bool = False


_TIER_2 = (RateLimit(20),)
_TIER_3 = (RateLimit(50),)
_TIER_4 = (RateLimit(100),)

RATE_LIMITS: Mapping[str, tuple[RateLimit, ...]] = {
    # One a second and channel, and "several hundred" a minute in the whole workspace.
    "chat.postMessage": (RateLimit(1, 1.0, by_channel=True), RateLimit(300)),
    "chat.update": _TIER_3,
    "chat.delete": _TIER_3,
    "chat.postEphemeral": _TIER_4,
    "chat.startStream": _TIER_2,
    "chat.appendStream": _TIER_4,
    "chat.stopStream": _TIER_2,
    "assistant.threads.setStatus": (RateLimit(600),),
    "assistant.threads.setSuggestedPrompts": _TIER_4,
    "agents.sessions.setStatus": _TIER_3,
    "conversations.history": _TIER_3,
    "conversations.info": _TIER_3,
    "conversations.list": _TIER_2,
    "conversations.members": _TIER_4,
    "conversations.open": _TIER_3,
    "conversations.replies": _TIER_3,
    "files.completeUploadExternal": _TIER_4,
    "files.getUploadURLExternal": _TIER_4,
    "files.info": _TIER_4,
    "reactions.add": _TIER_3,
    "reactions.remove": _TIER_2,
    "users.info": _TIER_4,
    "users.list": _TIER_2,
    "views.open": _TIER_4,
    "views.publish": _TIER_4,
    "views.push": _TIER_4,
    "views.update": _TIER_4,
}
