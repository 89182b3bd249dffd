"""A link that loses everything and tells nobody: whoever waits for it waits for seconds."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.connection import Connection
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks.broker.celery_app import ids_in_queue
from tasks.broker.connection import connect
from tasks.settings import Settings
from tests.drills.link import Link
from tests.patience import until

PUBLISH_TWICE = """
from tasks.broker.celery_app import publish
publish("first", "answer")
input()
publish("second", "answer")
"""


@pytest.fixture
def link(redis: Redis, valkey: str) -> Iterator[Link]:
    link = Link(valkey, seed=1, share=0, delay_seconds=0)
    link.start()
    yield link
    link.stop()


@pytest.fixture
def publisher(link: Link) -> Iterator["subprocess.Popen[str]"]:
    """A process that publishes a job, and another one when it has been sent a line.

    A process of its own, because it would hang.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", PUBLISH_TWICE],
        env={**os.environ, "SWALLOW_REDIS_URL": link.url},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_a_job_is_published_though_the_open_connection_is_dead(
    link: Link, publisher: "subprocess.Popen[str]", redis: Redis
) -> None:
    until(lambda: ids_in_queue(redis, "answer") == {"first"})

    link.silence(True)
    link.silence(False)
    _, error = publisher.communicate("\n", timeout=30)

    assert (publisher.returncode, error) == (0, "")
    assert ids_in_queue(redis, "answer") == {"first", "second"}


def test_publishing_fails_where_new_connections_get_no_answer_either(
    link: Link, publisher: "subprocess.Popen[str]", redis: Redis
) -> None:
    until(lambda: ids_in_queue(redis, "answer") == {"first"})

    link.silence(True)
    _, error = publisher.communicate("\n", timeout=30)

    assert publisher.returncode == 1
    assert "ConnectionError" in error.splitlines()[-1]


def test_the_tries_of_a_command_are_not_multiplied_by_those_of_making_its_connection(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Connection] = []

    def time_out(connection: Connection) -> None:
        tries.append(connection)
        raise TimeoutError

    client = connect(Settings(redis_url=link.url), patience=1)
    assert client.ping()
    monkeypatch.setattr(Connection, "_connect", time_out)

    link.silence(True)
    with pytest.raises(RedisTimeoutError):
        client.ping()

    assert len(tries) == 1
    client.close()
