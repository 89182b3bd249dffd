"""What a failed call of Slack's Web API means."""

import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.slack.refusals import FAILURES, Kind, failure_of


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("ratelimited", "passing"),
        ("internal_error", "passing"),
        ("", "passing"),
        ("token_revoked", "no_access"),
        ("invalid_auth", "no_access"),
        ("account_inactive", "no_access"),
        ("not_authed", "no_access"),
        ("is_archived", "no_destination"),
        ("not_in_channel", "no_destination"),
        ("thread_not_found", "no_destination"),
        ("channel_not_found", "no_destination"),
        ("restricted_action_thread_locked", "no_destination"),
        ("message_not_found", "message_gone"),
        ("invalid_blocks", "refused"),
        ("an_error_of_next_year", "refused"),
    ],
)
def test_an_answer_of_slack_says_what_to_do(reason: str, kind: Kind) -> None:
    error = SlackApiError(reason, {"ok": False, "error": reason})  # type: ignore[no-untyped-call]

    failure = failure_of(error)

    assert (failure.kind, failure.reason, failure.answered) == (kind, reason, True)


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError()])
def test_a_call_without_an_answer_may_succeed_later(error: Exception) -> None:
    failure = failure_of(error)

    assert isinstance(error, FAILURES)
    assert (failure.kind, failure.reason, failure.answered) == (
        "passing",
        type(error).__name__,
        False,
    )


def test_a_call_that_the_client_does_not_send_never_succeeds() -> None:
    error = SlackRequestError("wrong arguments")

    failure = failure_of(error)

    assert isinstance(error, FAILURES)
    assert (failure.kind, failure.answered) == ("refused", False)
