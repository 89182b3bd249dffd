"""Which Redis or Valkey this home uses, and how it is reached.

The address is `SWALLOW_REDIS_URL` where that is set, else the one that `swallow up` has written to
`$SWALLOW_HOME/broker.json` (see `tasks.broker.embedded`).
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tasks.broker.jobs import Jobs
from tasks.errors import BrokerAway
from tasks.settings import Settings

AWAY = (RedisConnectionError, RedisTimeoutError)
"""What a Redis call raises when the broker cannot be reached."""


def address_file(home: Path) -> Path:
    """Return the file that holds the embedded broker's URL, as JSON."""
    return home / "broker.json"


def url_of(settings: Settings) -> str:
    """Return the broker's URL.

    Raises:
        BrokerAway: none is set and no `swallow up` has written one.
    """
    if settings.redis_url:
        return settings.redis_url
    try:
        return str(json.loads(address_file(settings.home).read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError) as error:
        raise BrokerAway(
            f"No broker is known for {settings.home}: start `swallow up`, or set SWALLOW_REDIS_URL."
        ) from error


def connect(
    settings: Settings, *, patience: float = 10.0, block: float = 0.0, decode: bool = True
) -> Redis:
    """Return a client that retries a lost connection for about `patience` seconds, 0 for never.

    `block` is the longest blocking read it will be used for, in seconds; with `decode` off it
    returns bytes.

    Raises:
        BrokerAway: the broker's URL is not known.
    """
    return Redis.from_url(
        url_of(settings),
        decode_responses=decode,
        socket_connect_timeout=2,
        socket_timeout=2 + block,
        health_check_interval=30,
        retry=Retry(ExponentialWithJitterBackoff(base=0.1, cap=1), _retries(patience)),
        retry_on_error=list(AWAY),
    )


def _retries(patience: float) -> int:
    # Waits double from 0.1 s to 1 s with jitter: the first four take about a second in all.
    if patience <= 0:
        return 0
    return 4 + round(patience - 1) if patience > 1 else 3


def jobs_of(settings: Settings, *, patience: float = 10.0) -> Jobs:
    """Return the job records of this home's broker; `patience` is that of `connect`.

    Raises:
        BrokerAway: the broker's URL is not known.
    """
    redis = connect(settings, patience=patience)
    return Jobs(redis, keep_ms=settings.keep_ms, queue_limit=settings.queue_limit)


@contextmanager
def reachable(settings: Settings) -> Iterator[None]:
    """Turn a lost connection into one sentence that names the broker.

    Raises:
        BrokerAway: the broker did not answer within the body.
    """
    try:
        yield
    except AWAY as error:
        where = settings.redis_url or "the embedded broker"
        raise BrokerAway(
            f"The broker does not answer ({without_password(where)}): "
            "is `swallow up` running, or is SWALLOW_REDIS_URL right?"
        ) from error


def without_password(url: str) -> str:
    """Return a broker's URL as it may be shown."""
    scheme, at, rest = url.rpartition("@")
    return f"{scheme.partition('://')[0]}://…@{rest}" if at else url
