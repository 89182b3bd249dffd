"""What Slack's refusals mean: nobody can be told there, try again later, or never like this."""

import aiohttp
from slack_sdk.errors import SlackApiError

HOPELESS = {
    "channel_not_found",
    "is_archived",
    "is_inactive",
    "not_in_channel",
    "thread_not_found",
    "account_inactive",
    "invalid_auth",
    "token_revoked",
    "restricted_action",
    "cannot_reply_to_message",
    "messages_tab_disabled",
    "cannot_dm_bot",
    "user_not_found",
}
"""Answers of Slack that no retry changes: nobody can be told there any more."""

GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}
"""The message cannot be edited: a person deleted it, so the text goes into a new one."""

PASSING = (aiohttp.ClientError, OSError, TimeoutError)
"""What a call raises when Slack cannot be reached, or its answer got lost."""

_LATER = {
    "ratelimited",
    "rate_limited",
    "message_limit_exceeded",
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
}


def reason_of(error: SlackApiError) -> str:
    """Return Slack's word for a refusal; empty where it had none, as behind a broken proxy."""
    return str(error.response.get("error") or "")


def passes(error: SlackApiError) -> bool:
    """Tell whether the same call may succeed later: a rate limit, or an outage of Slack's."""
    reason = reason_of(error)
    return not reason or reason in _LATER
