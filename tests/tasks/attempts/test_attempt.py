"""Why an attempt stops."""

from tasks.attempts.attempt import Attempt


def test_the_deadline_stops_an_attempt_and_the_first_reason_stays() -> None:
    attempt = Attempt("a", 1, deadline_seconds=-1)

    assert attempt.should_stop()
    attempt.stop("cancelled")

    assert attempt.reason == "deadline"
