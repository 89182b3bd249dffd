"""Attempts that run in a worker."""

from tasks.attempts.running import Running, RunningJobs


def test_an_old_attempt_that_returns_leaves_the_new_one_its_place() -> None:
    jobs = RunningJobs(drain_seconds=1)
    old, new = (Running("a", attempt, deadline_seconds=60) for attempt in (1, 2))
    jobs.add(old)
    jobs.add(new)

    jobs.remove(old)

    assert jobs.all() == [new]
    jobs.remove(new)
    assert jobs.all() == []


def test_the_deadline_stops_an_attempt_and_the_first_reason_stays() -> None:
    running = Running("a", 1, deadline_seconds=-1)

    assert running.should_stop()
    running.stop("cancelled")

    assert running.reason == "deadline"


def test_draining_stops_what_runs_when_its_seconds_are_over() -> None:
    jobs = RunningJobs(drain_seconds=0)
    running = Running("a", 1, deadline_seconds=60)
    jobs.add(running)

    jobs.check_drain()
    assert not running.should_stop()
    jobs.drain()
    jobs.check_drain()

    assert running.reason == "draining"
