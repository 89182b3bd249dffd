"""A broker that refuses every write: its disk or its memory is full, or it is a replica."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.attempts.attempt import Attempt
from tasks.attempts.runner import JobRunner
from tasks.attempts.running import RunningAttempts
from tasks.broker.connection import reachable
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.leases import LEASES
from tasks.doctor import broker_rows
from tasks.errors import BrokerAway
from tasks.settings import Settings
from tests.drills.broker import Broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


def test_a_question_whose_text_is_refused_is_begun_again(broker: Broker) -> None:
    jobs = Jobs(broker.redis, keep_ms=60_000, queue_limit=5)

    def work(attempt: Attempt, job: Job) -> None:
        broker.refuse_writes()
        jobs.append(job.id, attempt.number, "text", {"text": "hi"})

    running = RunningAttempts(drain_seconds=1)
    runner = JobRunner("answer", work, jobs=jobs, running=running, worker="w")
    jobs.create("a", "answer", destination={}, asked={"text": ""})
    jobs.enqueue("a", {})

    runner.run("a")
    runner.run("a")  # another message, while not even a claim is taken
    broker.take_writes()

    assert running.all() == []
    broker.redis.zadd(LEASES, {"a": 1})  # nobody renews it
    jobs.sweep()
    assert [job.state for job in jobs.open("answer")] == ["queued"]


def test_who_cannot_go_on_says_that_the_disk_of_the_broker_is_why(broker: Broker) -> None:
    settings = Settings(redis_url=broker.url)
    broker.refuse_writes()

    with pytest.raises(BrokerAway, match=r"takes no writes.*disk"), reachable(settings):
        broker.redis.ping()
    row = broker_rows(settings)[0]
    assert (row["check"], row["ok"]) == ("broker", False)
    assert "takes no writes" in row["detail"]
    assert "disk" in row["advice"]


def test_the_doctor_says_what_keeps_a_broker_from_taking_writes(broker: Broker) -> None:
    settings = Settings(redis_url=broker.url)

    broker.redis.config_set("maxmemory", 1)
    row = broker_rows(settings)[0]
    assert (row["ok"], row["detail"]) == (False, "takes no writes: its memory is full")
    assert "maxmemory" in row["advice"]

    broker.redis.config_set("maxmemory", 0)
    broker.redis.replicaof("127.0.0.1", 1)
    row = broker_rows(settings)[0]
    assert (row["ok"], row["detail"]) == (False, "takes no writes: it is a replica")
    assert "primary" in row["advice"]
