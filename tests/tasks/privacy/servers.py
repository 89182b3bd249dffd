"""A Valkey of a test's own, and what its files on the disk hold."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from tasks.broker.embedded import embedded
from tests.patience import SECONDS, until


@contextmanager
def server(home: Path, *options: str) -> Iterator[str]:
    """Run a Valkey with `options` beside those of the embedded broker; yields its URL."""
    broker = embedded(home)
    process = subprocess.Popen([*broker.command, *options], stdout=subprocess.DEVNULL)
    try:
        with Redis.from_url(broker.url) as client:
            until(lambda: _answers(client))
        yield broker.url
    finally:
        process.terminate()
        process.wait(timeout=SECONDS)


def _answers(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def files_with(home: Path, word: str) -> set[str]:
    """Return the names of the broker's files in which `word` stands."""
    found = set()
    for file in (home / "broker").rglob("*"):
        try:
            if word.encode() in file.read_bytes():
                found.add(file.name)
        except (FileNotFoundError, IsADirectoryError):  # replaced while we looked
            continue
    return found
