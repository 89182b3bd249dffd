"""A question is on the broker's disk before Slack is told that it arrived."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks.broker.jobs import Jobs
from tests.drills.broker import Broker

QUESTION: dict[str, Any] = {
    "destination": {"team": "T", "channel": "C", "ts": "1", "user": "U"},
    "asked": {"text": "Why?"},
    "on_disk": True,
}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Valkey of this test alone, whose settings it may change."""
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def jobs(broker: Broker) -> Jobs:
    return Jobs(broker.redis, keep_ms=60_000, queue_limit=5)


def test_a_record_is_stored_once_the_broker_has_flushed_it(broker: Broker, jobs: Jobs) -> None:
    assert jobs.create("a", "answer", **QUESTION) == "created"
    assert jobs.create("a", "answer", **QUESTION) == "repeat"


def test_a_record_that_stays_in_memory_is_not_taken_for_stored(broker: Broker, jobs: Jobs) -> None:
    broker.redis.config_set("appendfsync", "no")

    with pytest.raises(RedisTimeoutError):
        jobs.create("a", "answer", **QUESTION)

    assert jobs.get("a") is not None


def test_a_broker_without_a_file_is_not_waited_for(broker: Broker, jobs: Jobs) -> None:
    broker.redis.config_set("appendonly", "no")

    assert jobs.create("a", "answer", **QUESTION) == "created"
