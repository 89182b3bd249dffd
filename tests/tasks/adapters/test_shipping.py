"""An adapter's files in the broker: published whole or not at all, repaired by doing it again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.adapters import shipping
from tasks.adapters.shipping import COUNTS, Shipping
from tasks.broker.connection import connect
from tasks.settings import Settings
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.adapter import Adapter, read
from trainer.adapters.adapter_files import CONFIG, WEIGHTS
from trainer.errors import AdapterRefused


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adapter:
    """An adapter of several pieces."""
    monkeypatch.setattr(shipping, "PIECE_BYTES", 100)
    return read(write_adapter(tmp_path / "one"))


@pytest.fixture
def key(adapter: Adapter) -> str:
    return f"swallow:adapter-pieces:{adapter.digest}"


@pytest.fixture
def here(tmp_path: Path, redis: Redis, valkey: str) -> Shipping:
    return Shipping(Settings(home=tmp_path / "here", redis_url=valkey))


@pytest.fixture
def elsewhere(tmp_path: Path, redis: Redis, valkey: str) -> Shipping:
    return Shipping(Settings(home=tmp_path / "elsewhere", redis_url=valkey))


def interrupt(monkeypatch: pytest.MonkeyPatch, then: Any, *, after: int) -> None:
    """Call `then` once, after so many pieces were read for publishing."""
    pieces, left = shipping._pieces, iter(range(after + 1))

    def interrupted(file: Path) -> Iterator[bytes]:
        for piece in pieces(file):
            yield piece
            if next(left, None) == after:
                then()

    monkeypatch.setattr(shipping, "_pieces", interrupted)


def fail() -> None:
    raise OSError("gone")


def repeating(redis: Redis) -> None:
    """Let a client send each command twice, as if the first reply had been lost."""
    original: Any = redis.execute_command

    def twice(*arguments: Any, **options: Any) -> Any:
        original(*arguments, **options)
        return original(*arguments, **options)

    redis.execute_command = twice  # type: ignore[method-assign]


def test_a_call_repeated_because_its_reply_was_lost_changes_nothing(
    adapter: Adapter,
    here: Shipping,
    elsewhere: Shipping,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connected(*arguments: Any, **options: Any) -> Redis:
        redis = connect(*arguments, **options)
        repeating(redis)
        return redis

    monkeypatch.setattr(shipping, "connect", connected)

    here.publish(adapter)

    assert read(elsewhere.fetch("one", adapter.digest)).digest == adapter.digest


def test_publishing_again_repairs_a_damaged_and_a_missing_piece(
    adapter: Adapter, here: Shipping, elsewhere: Shipping, redis: Redis, key: str
) -> None:
    here.publish(adapter)
    redis.hset(key, f"{WEIGHTS}:1", "damaged")
    with pytest.raises(AdapterRefused, match="arrived damaged"):
        elsewhere.fetch("one", adapter.digest)
    redis.hdel(key, f"{CONFIG}:0")
    with pytest.raises(AdapterRefused, match="no longer complete in the broker"):
        elsewhere.fetch("one", adapter.digest)

    here.publish(adapter)

    assert read(elsewhere.fetch("one", adapter.digest)).digest == adapter.digest


def test_publishing_again_sends_only_what_is_missing(
    adapter: Adapter, here: Shipping, redis: Redis, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.publish(adapter)
    redis.hdel(key, f"{WEIGHTS}:2")
    monkeypatch.setattr(
        shipping, "_PUT", "redis.call('HINCRBY', 'sent', ARGV[1], 1) " + shipping._PUT
    )

    here.publish(adapter)

    assert redis.hgetall("sent") == {f"{WEIGHTS}:2": "1"}


def test_what_is_half_published_is_not_fetched(
    adapter: Adapter, here: Shipping, elsewhere: Shipping, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    def fetch() -> None:
        with pytest.raises(AdapterRefused, match="nobody has published it") as caught:
            elsewhere.fetch("one", adapter.digest)
        refused.append(caught)

    interrupt(monkeypatch, fetch, after=3)

    here.publish(adapter)

    assert refused
    assert read(elsewhere.fetch("one", adapter.digest)).digest == adapter.digest


def test_two_who_publish_at_once_complete_one_publication(
    adapter: Adapter,
    here: Shipping,
    elsewhere: Shipping,
    redis: Redis,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupt(monkeypatch, lambda: here.publish(adapter), after=3)

    here.publish(adapter)

    assert read(elsewhere.fetch("one", adapter.digest)).digest == adapter.digest
    assert redis.keys("swallow:adapter-*") == [key]
    assert redis.ttl(key) == -1


def test_a_second_publisher_that_breaks_off_does_not_let_the_first_ones_files_expire(
    adapter: Adapter, here: Shipping, redis: Redis, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def publish_and_fail() -> None:
        here.publish(adapter)
        redis.hset(key, f"{WEIGHTS}:0", "damaged")
        interrupt(monkeypatch, fail, after=3)

    interrupt(monkeypatch, publish_and_fail, after=0)
    with pytest.raises(AdapterRefused, match="are gone"):
        here.publish(adapter)

    assert redis.hexists(key, COUNTS)
    assert redis.ttl(key) == -1


def test_a_publication_that_breaks_off_leaves_nothing_for_long(
    adapter: Adapter, here: Shipping, redis: Redis, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, fail, after=3)

    with pytest.raises(AdapterRefused, match="are gone"):
        here.publish(adapter)

    assert redis.keys("swallow:adapter-*") == [key]
    assert 0 < int(str(redis.ttl(key))) <= shipping.ABANDONED_SECONDS


def test_pieces_that_expire_while_others_are_sent_are_not_called_complete(
    adapter: Adapter, here: Shipping, redis: Redis, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(monkeypatch, lambda: redis.delete(key), after=3)

    with pytest.raises(AdapterRefused, match="took too long; use it again"):
        here.publish(adapter)

    assert not redis.hexists(key, COUNTS)


def test_files_replaced_while_they_are_published_are_refused(
    adapter: Adapter, here: Shipping, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_adapter(tmp_path / "other", seed=1)

    def replace() -> None:
        (other / WEIGHTS).replace(adapter.path / WEIGHTS)

    interrupt(monkeypatch, replace, after=0)

    with pytest.raises(AdapterRefused, match="were replaced"):
        here.publish(adapter)

    assert redis.keys("swallow:adapter-*") == []


def test_a_broker_without_memory_for_the_files_is_named(
    adapter: Adapter, here: Shipping, redis: Redis
) -> None:
    redis.config_set("maxmemory", "1mb")
    try:
        with pytest.raises(AdapterRefused, match=r"did not take .* give it more memory"):
            here.publish(adapter)
    finally:
        redis.config_set("maxmemory", "0")
