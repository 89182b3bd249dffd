"""The heartbeat goes on whatever goes wrong in one of its steps."""

import logging

import pytest
from redis import Redis

from tasks.attempts.attempt import Attempt
from tasks.attempts.heartbeat import Heartbeat
from tasks.attempts.running import RunningAttempts
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tests.patience import SECONDS, until


def test_a_message_that_nobody_can_read_in_the_queue_ends_no_heartbeat(
    jobs: Jobs, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    for id in ("running", "waiting"):
        jobs.create(id, "answer", destination={}, asked={"text": ""})
        jobs.enqueue(id, {"instruction": "x"})
    number = jobs.claim("running", "here")
    assert number is not None
    redis.hset("swallow:job:waiting", "published", 0)  # swept: is its message in the queue?
    redis.lpush("answers", "no message of Celery")
    running = RunningAttempts(drain_seconds=1)
    attempt = Attempt("running", number, deadline_seconds=SECONDS)
    running.add(attempt)
    heartbeat = Heartbeat(
        jobs, Workers(redis), running, lambda: Worker("here", ("answers",), "ready")
    )

    with caplog.at_level(logging.ERROR):
        heartbeat.start()
        until(lambda: "cannot sweep" in caplog.text)
        redis.delete("swallow:worker:here")
        jobs.cancel("running", "UALICE")
        until(lambda: attempt.reason == "cancelled")
        until(lambda: bool(redis.exists("swallow:worker:here")))
        heartbeat.end()

    assert caplog.text.count("cannot sweep") == 1
