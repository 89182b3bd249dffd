"""What a failed call of Slack's Web API means for whoever made it.

One place decides whether the same call may succeed later, whether Slack refuses the bot itself,
whether the destination or the message is gone, or whether the call is refused as it is. What to do
about it is the caller's.
"""

from dataclasses import dataclass
from typing import Literal

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

FAILURES = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""What a call raises: Slack refuses, cannot be reached, or its answer gets lost."""

Kind = Literal["passing", "no_access", "no_destination", "message_gone", "refused"]

_NO_ACCESS = {
    "account_inactive",
    "ekm_access_denied",
    "invalid_auth",
    "missing_scope",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
}

_NO_DESTINATION = {
    "channel_not_found",
    "is_archived",
    "is_inactive",
    "not_in_channel",
    "thread_not_found",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "cannot_reply_to_message",
    "messages_tab_disabled",
    "cannot_dm_bot",
    "user_not_found",
}
_MESSAGE_GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}
_PASSING = {
    "ratelimited",
    "rate_limited",
    "message_limit_exceeded",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "streaming_state_conflict",  # a stream ends by itself after some minutes
    "team_added_to_org",
}


@dataclass(frozen=True)
class Failure:
    """A failed call; `reason` is for the log: Slack's error code, or the exception's name.

    `passing`: the same call may succeed later. `no_access`: Slack refuses the bot itself, until the
    app is installed again. `no_destination`: nothing can be posted there any more. `message_gone`:
    a person deleted the message, or it can no longer be edited. `refused`: this call is never taken
    as it is. `answered`: Slack itself said so.
    """

    kind: Kind
    reason: str
    answered: bool


def failure_of(error: Exception) -> Failure:
    """Return what one of `FAILURES` means."""
    if not isinstance(error, SlackApiError):
        # An error of the SDK's own: it does not send a call whose arguments are wrong.
        kind: Kind = "refused" if isinstance(error, SlackClientError) else "passing"
        return Failure(kind, type(error).__name__, answered=False)
    reason = reason_of(error)
    return Failure(_kind_of(reason), reason, answered=True)


def reason_of(error: SlackApiError) -> str:
    """Return Slack's error code; empty where the answer had none, as from a broken proxy."""
    return str(error.response.get("error") or "")


def _kind_of(reason: str) -> Kind:
    if not reason or reason in _PASSING:
        return "passing"
    if reason in _NO_ACCESS:
        return "no_access"
    if reason in _NO_DESTINATION:
        return "no_destination"
    return "message_gone" if reason in _MESSAGE_GONE else "refused"
