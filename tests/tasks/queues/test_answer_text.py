"""That a model thinks stands in its job's stream, and a thought has its time."""

from tasks.attempts.attempt import Attempt
from tasks.broker.jobs import Jobs
from tasks.queues.answer_text import Thinks


def test_that_a_model_thinks_is_written_once(jobs: Jobs) -> None:
    thinks = Thinks(jobs, claimed(jobs), seconds=60)

    assert [thinks.tell() for _ in range(3)] == [False, False, False]
    assert [event.type for event in jobs.events("a")].count("thinking") == 1


def test_a_thought_whose_time_is_over_has_taken_too_long(jobs: Jobs) -> None:
    assert Thinks(jobs, claimed(jobs), seconds=-1).tell()


def test_a_thought_of_an_attempt_that_lost_its_job_is_stopped(jobs: Jobs) -> None:
    attempt = claimed(jobs)
    jobs.expire_lease("a", 1)
    jobs.sweep()

    Thinks(jobs, attempt, seconds=60).tell()

    assert attempt.reason == "lost"


def claimed(jobs: Jobs) -> Attempt:
    """Return the attempt at a question that a worker has claimed."""
    jobs.create("a", "answer", destination={}, asked={"text": ""})
    jobs.enqueue("a", {})
    assert jobs.claim("a", "w") == 1
    return Attempt("a", 1, deadline_seconds=60)
