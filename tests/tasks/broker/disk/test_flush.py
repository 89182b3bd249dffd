"""What the broker was told is on its disk before anybody is told that it is stored."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks.broker.disk.flush import flush, log_weakness, weakness
from tasks.broker.job import Kind
from tasks.broker.jobs import Jobs
from tasks.doctor import broker_rows
from tasks.settings import Settings
from tests.drills.broker import Broker
from tests.patience import until

ASKED: dict[str, Any] = {
    "destination": {"team": "T", "channel": "C", "ts": "1", "user": "U"},
    "asked": {"text": "Why?"},
}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A Valkey of this test alone, whose settings it may change."""
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.redis.execute_command("ACL", "SETUSER", "default", "+@all")  # type: ignore[no-untyped-call]
    broker.stop()


@pytest.fixture
def jobs(broker: Broker) -> Jobs:
    return Jobs(broker.redis, keep_ms=60_000, queue_limit=5)


def forbid(redis: Redis, *commands: str) -> None:
    """Take commands from the user of the tests."""
    redis.execute_command("ACL", "SETUSER", "default", *(f"-{c}" for c in commands))  # type: ignore[no-untyped-call]


def disk_row(broker: Broker) -> dict[str, Any]:
    rows = broker_rows(Settings(redis_url=broker.url))
    return next(row for row in rows if row["check"] == "broker disk")


def test_a_record_is_stored_once_the_broker_has_flushed_it(jobs: Jobs) -> None:
    assert jobs.create("a", "answer", **ASKED) == "created"
    assert jobs.create("a", "answer", **ASKED) == "repeat"


@pytest.mark.parametrize("policy", ["everysec", "always"])
def test_a_broker_that_flushes_is_not_weak(broker: Broker, policy: str) -> None:
    broker.redis.config_set("appendfsync", policy)

    flush(broker.redis)

    assert weakness(broker.redis) == ""
    assert disk_row(broker)["ok"]


@pytest.mark.parametrize("kind", ["answer", "plan", "train"])
def test_a_flush_that_takes_too_long_is_not_taken_for_done(
    broker: Broker, jobs: Jobs, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A disk that hangs cannot be had here: one that is not asked, and a flush said to be under way.
    broker.redis.config_set("appendfsync", "no")
    monkeypatch.setattr(broker.redis, "info", lambda _: {"aof_pending_bio_fsync": 1})

    with pytest.raises(RedisTimeoutError):
        jobs.create("a", kind, **ASKED)

    assert jobs.get("a") is not None


def test_a_broker_that_may_not_be_asked_of_itself_is_expected_to_flush(
    broker: Broker, jobs: Jobs
) -> None:
    broker.redis.config_set("appendfsync", "no")
    forbid(broker.redis, "info")

    with pytest.raises(RedisTimeoutError):
        jobs.create("a", "answer", **ASKED)


@pytest.mark.parametrize(
    ("setting", "advice"),
    [(("appendfsync", "no"), "appendfsync everysec"), (("appendonly", "no"), "appendonly yes")],
)
def test_a_broker_that_does_not_flush_is_used_and_named(
    broker: Broker,
    jobs: Jobs,
    setting: tuple[str, str],
    advice: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker.redis.config_set(*setting)
    forbid(broker.redis, "config")

    assert jobs.create("a", "answer", **ASKED) == "created"

    row = disk_row(broker)
    assert not row["ok"]
    assert " ".join(setting) in row["detail"]
    assert advice in row["advice"]
    with caplog.at_level(logging.WARNING):
        log_weakness(broker.redis)
        until(lambda: advice in caplog.text)


def test_a_broker_that_cannot_say_when_it_has_flushed_is_used_and_named(
    broker: Broker, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Redis before 7.2: a pipeline that sends a command which no server knows.
    def unknown(pipeline: Any, *_: int) -> None:
        pipeline.execute_command("WAITFILE")

    monkeypatch.setattr("redis.client.Pipeline.waitaof", unknown)

    assert jobs.create("a", "answer", **ASKED) == "created"
    assert "Redis 7.2" in disk_row(broker)["advice"]


def test_a_broker_that_may_not_be_waited_for_is_used_and_named(broker: Broker, jobs: Jobs) -> None:
    forbid(broker.redis, "waitaof")

    assert jobs.create("a", "answer", **ASKED) == "created"
    assert "allow WAITAOF" in disk_row(broker)["advice"]
