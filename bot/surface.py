"""Whether Slack has the bot's app as an agent (`features.agent_view` in its manifest).

Slack gives the scope `assistant:write` to agents, and says with its answers which scopes a token
has (https://docs.slack.dev/ai/agent-sessions).
"""

import logging

from slack_sdk.web.async_slack_response import AsyncSlackResponse

log = logging.getLogger(__name__)

AGENT_SCOPE = "assistant:write"

_OF_ONE_THREAD = {"invalid_thread_ts", "session_not_found", "user_not_in_channel"}
"""Refusals that say nothing of other threads."""


class Surface:
    """What one bot's app is; a plain app until it is known."""

    def __init__(self) -> None:
        self.is_agent = False

    def learn(self, answer: AsyncSlackResponse) -> None:
        """Take from an answer of Slack whether the app is an agent."""
        granted = str(answer.headers.get("x-oauth-scopes", "")).split(",")
        self.is_agent = AGENT_SCOPE in (scope.strip() for scope in granted)

    def refused(self, reason: str) -> None:
        """Take that Slack refuses sessions: from then on the app is a plain one."""
        if self.is_agent and reason not in _OF_ONE_THREAD:
            log.warning("Slack has no agent sessions for this app: %s", reason)
            self.is_agent = False
