"""The attempts that run in a worker."""

from tasks.attempts.attempt import Attempt
from tasks.attempts.running import RunningAttempts


def test_an_old_attempt_that_returns_leaves_the_new_one_its_place() -> None:
    running = RunningAttempts(drain_seconds=1)
    old, new = (Attempt("a", number, deadline_seconds=60) for number in (1, 2))
    running.add(old)
    running.add(new)

    running.remove(old)

    assert running.all() == [new]
    running.remove(new)
    assert running.all() == []


def test_draining_stops_what_runs_when_its_seconds_are_over() -> None:
    running = RunningAttempts(drain_seconds=0)
    attempt = Attempt("a", 1, deadline_seconds=60)
    running.add(attempt)

    running.check_drain()
    assert not attempt.should_stop()
    running.drain()
    running.check_drain()

    assert attempt.reason == "draining"
