"""What has expired is in none of the broker's files after a worker's turn; on a real Valkey."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tasks.attempts.heartbeat import Heartbeat
from tasks.attempts.running import RunningAttempts
from tasks.broker.embedded import embedded
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tasks.doctor import broker_rows
from tasks.model_checks import Row
from tasks.privacy.expired_texts import last_rewrite, rewrite, rewrite_in_turn
from tasks.settings import Settings
from tests.patience import until
from tests.tasks.privacy.servers import files_with, server

WORD = "himitsu-no-kotoba"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server with both kinds of files, which expires no key by itself."""
    with server(tmp_path, "--save", "3600 1", "--enable-debug-command", "yes") as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[Redis]:
    with Redis.from_url(url, decode_responses=True) as client:
        client.execute_command("DEBUG", "SET-ACTIVE-EXPIRE", "0")
        yield client
        # The connections stay open while a turn is under way.
        until(lambda: "rewrite" not in {thread.name for thread in threading.enumerate()})


def rows_of(settings: Settings) -> dict[str, Row]:
    """Return what the doctor finds at the broker, which answers slowly on a busy machine."""
    found: dict[str, Row] = {}

    def answered() -> bool:
        found.update({row["check"]: row for row in broker_rows(settings)})
        return "broker files" in found

    until(answered)
    return found


def expired_question(redis: Redis) -> None:
    """Store a question that ends and expires, without touching it afterwards."""
    jobs = Jobs(redis, keep_ms=100, queue_limit=5)
    jobs.create("a", "answer", destination={}, asked={"text": WORD})
    redis.save()
    jobs.end_unstarted("a", "cancelled", {})
    ended = redis.time()
    until(lambda: redis.time()[0] > ended[0] + 1)  # whole seconds


def test_expired_texts_are_in_the_files_until_they_are_rewritten(
    client: Redis, tmp_path: Path
) -> None:
    expired_question(client)
    assert files_with(tmp_path, WORD) == {"appendonly.aof.1.incr.aof", "dump.rdb"}

    rewrite(client)

    until(lambda: not files_with(tmp_path, WORD))


def test_what_has_not_expired_outlives_a_rewrite(client: Redis, tmp_path: Path) -> None:
    Jobs(client, keep_ms=100, queue_limit=5).create(
        "b", "answer", destination={}, asked={"text": WORD}
    )
    before = client.info("persistence")["aof_rewrites"]

    rewrite(client)
    until(lambda: client.info("persistence")["aof_rewrites"] > before)

    until(lambda: any(name.endswith(".base.rdb") for name in files_with(tmp_path, WORD)))
    assert client.hget("swallow:job:b", "state") == "new"


def test_the_heartbeat_of_any_worker_sees_to_it(client: Redis, tmp_path: Path) -> None:
    expired_question(client)
    jobs = Jobs(client, keep_ms=100, queue_limit=5)
    worker = Worker("w", ("training",))
    heartbeat = Heartbeat(jobs, Workers(client), RunningAttempts(drain_seconds=1), lambda: worker)

    heartbeat.start()
    until(lambda: not files_with(tmp_path, WORD))
    heartbeat.end()

    until(lambda: last_rewrite(client))


def test_of_all_workers_one_asks_and_the_next_after_most_of_an_hour(client: Redis) -> None:
    rewrite_in_turn(client)
    until(lambda: last_rewrite(client))
    first = last_rewrite(client)
    until(lambda: 2000 < int(client.ttl("swallow:rewrite")) < 3600)

    rewrite_in_turn(client)

    assert last_rewrite(client) == first

    def next_turn() -> bool:
        client.delete("swallow:rewrite")  # as if that time were over
        rewrite_in_turn(client)
        return last_rewrite(client) != first

    until(next_turn)  # a turn during which the broker still writes its files ends without effect


def test_a_broker_that_forbids_it_is_tolerated_and_the_doctor_says_so(
    client: Redis, url: str, tmp_path: Path
) -> None:
    client.acl_setuser(
        "guest",
        enabled=True,
        passwords=["+word"],
        keys=["*"],
        channels=["*"],
        commands=["+@all", "-bgrewriteaof", "-bgsave", "-config"],
    )
    guest = url.replace("redis://:", "redis://guest:").replace(
        url.partition("//:")[2].partition("@")[0], "word"
    )
    with Redis.from_url(guest, decode_responses=True) as limited:
        rewrite_in_turn(limited)
        until(lambda: last_rewrite(client))

    rows = rows_of(Settings(home=tmp_path, redis_url=guest))

    assert not rows["broker files"]["ok"]
    assert "bgrewriteaof" in rows["broker files"]["detail"]
    assert "every hour" in rows["broker files"]["advice"]
    assert rows["broker memory"]["ok"]


def test_the_doctor_is_content_with_files_that_are_rewritten(
    client: Redis, url: str, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path, redis_url=url)
    before = rows_of(settings)["broker files"]
    rewrite_in_turn(client)
    until(lambda: last_rewrite(client))
    after = rows_of(settings)["broker files"]

    assert (before["ok"], after["ok"]) == (True, True)
    assert "ago" in after["detail"]


def test_what_a_killed_rewrite_left_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    embedded(tmp_path)
    for name in ("temp-rewriteaof-bg-7.aof", "temp-7.rdb"):
        (tmp_path / "broker" / name).write_text(WORD, "utf-8")

    embedded(tmp_path)

    assert not files_with(tmp_path, WORD)
