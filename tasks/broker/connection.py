"""Which Redis or Valkey this home uses, and how it is reached.

The address is `SWALLOW_REDIS_URL` where that is set, else the one that `swallow up` has written to
`$SWALLOW_HOME/broker.json` (see `tasks.broker.embedded`).
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import SSLCertVerificationError
from typing import Any, Literal, TypeVar

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import (
    AuthenticationError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from tasks.broker.jobs import Jobs
from tasks.broker_address import BrokerAddress, parse
from tasks.errors import BrokerAway, SettingInvalid
from tasks.settings import Settings

T = TypeVar("T")

AWAY = (RedisConnectionError, RedisTimeoutError)
"""What a Redis call raises when the broker cannot be reached."""

_PROBE = "swallow:probe"

SOCKET_SECONDS = 2.0
"""How long a connection may take to be made, and a reply to come, before it is given up."""


def address_file(home: Path) -> Path:
    """Return the file that holds the embedded broker's URL, as JSON."""
    return home / "broker.json"


def is_known(settings: Settings) -> bool:
    """Tell whether this home has, or had, a broker: without one no adapter was ever in use."""
    return bool(settings.redis_url) or address_file(settings.home).exists()


def address_of(settings: Settings) -> BrokerAddress:
    """Return the broker's address.

    Raises:
        BrokerAway: none is set and no `swallow up` has written one.
        SettingInvalid: there is a CA for an address without TLS.
    """
    if settings.redis_url:
        ca = str(settings.redis_ca) if settings.redis_ca else None
        address = parse(settings.redis_url, ca=ca)
        if ca and not address.tls:
            raise SettingInvalid(
                "SWALLOW_REDIS_CA is set, but SWALLOW_REDIS_URL begins with redis://: write "
                "rediss:// for TLS, or unset SWALLOW_REDIS_CA."
            )
        return address
    try:
        return parse(str(json.loads(address_file(settings.home).read_text("utf-8"))["url"]))
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
    address = address_of(settings)
    return Redis.from_url(
        address.url,
        **address.verification,
        decode_responses=decode,
        socket_connect_timeout=SOCKET_SECONDS,
        socket_timeout=SOCKET_SECONDS + block,
        health_check_interval=30,
        retry=_Patience(patience),
        retry_on_error=list(AWAY),
    )


class _Patience(Retry):
    """Repeats what fails until so many seconds have passed, once at least; 0 for never.

    redis-py repeats a command, and within each try repeats making the connection, by the same
    object, which belongs to that connection alone. Here only the outer one repeats: multiplied, a
    second became half a minute where a link loses packets without a word.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(
            ExponentialWithJitterBackoff(base=0.1, cap=1), retries=-1 if seconds > 0 else 0
        )
        self._seconds = seconds
        self._trying = False

    def call_with_retry(
        self,
        do: Callable[[], T],
        fail: Callable[..., Any],
        is_retryable: Callable[[Exception], bool] | None = None,
        with_failure_count: bool = False,
    ) -> T:
        """Do it as often as the patience allows; raises the last error."""
        if self._trying:
            once = Retry(NoBackoff(), 0, self._supported_errors)
            return once.call_with_retry(do, fail, is_retryable, with_failure_count)
        end = time.monotonic() + self._seconds

        def fail_in_time(error: Exception, failures: int) -> None:
            fail(error, failures) if with_failure_count else fail(error)
            if failures > 1 and time.monotonic() >= end:
                raise error

        self._trying = True
        try:
            return super().call_with_retry(do, fail_in_time, is_retryable, with_failure_count=True)
        finally:
            self._trying = False


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
        BrokerAway: the broker did not answer within the body, or refused what was asked of it.
    """
    try:
        yield
    except (*AWAY, ResponseError) as error:
        raise BrokerAway(_sentence(settings, error)) from error


NoWrites = Literal["", "disk", "memory", "replica"]

NO_WRITES: dict[NoWrites, tuple[str, str]] = {
    "disk": ("its disk is full or fails", "Make room on the broker's disk"),
    "memory": ("its memory is full", "Raise the broker's maxmemory"),
    "replica": (
        "it is a replica",
        "Let SWALLOW_REDIS_URL name the primary, or wait for the end of a failover",
    ),
}
"""Why a broker takes no writes, and what to do about it."""


def no_writes(error: Exception) -> NoWrites:
    """Return why the broker refuses every write for now; empty where `error` is another one."""
    if isinstance(error, OutOfMemoryError):
        return "memory"
    if isinstance(error, ReadOnlyError):
        return "replica"
    return "disk" if isinstance(error, ResponseError) and "MISCONF" in str(error) else ""


def is_passing(error: RedisError) -> bool:
    """Tell whether the broker is away, or takes no writes: what is stored waits until then."""
    return isinstance(error, AWAY) or bool(no_writes(error))


def why_no_writes(redis: Redis) -> NoWrites:
    """Ask the broker whether it takes writes, and why not; reading is possible in either case."""
    try:
        redis.set(_PROBE, "", px=1000)
    except ResponseError as error:
        why = no_writes(error)
        if not why:
            raise
        return why
    return ""


def _sentence(settings: Settings, error: Exception) -> str:
    where = address_of(settings) if settings.redis_url else "the embedded broker"
    if why := no_writes(error):
        reason, advice = NO_WRITES[why]
        return (
            f"The broker ({where}) takes no writes, because {reason}. {advice}; what is stored "
            "already waits until then."
        )
    certificate = _certificate_error(error)
    if certificate is not None:
        return (
            f"The certificate of the broker ({where}) is not trusted "
            f"({certificate.verify_message.rstrip('.')}): name its CA in SWALLOW_REDIS_CA, and its "
            "host in SWALLOW_REDIS_URL as the certificate does."
        )
    if isinstance(error, (AuthenticationError, ResponseError)):
        # By its class alone: a server may repeat the whole command, and with it the password.
        return (
            f"The broker ({where}) refuses ({type(error).__name__}): are user, password and "
            "database in SWALLOW_REDIS_URL right, and may that user do this?"
        )
    return (
        f"The broker does not answer ({where}): "
        "is `swallow up` running, or is SWALLOW_REDIS_URL right?"
    )


def _certificate_error(error: BaseException | None) -> SSLCertVerificationError | None:
    """Return the failed check of a certificate that led to `error`; redis-py wraps it."""
    while error is not None and not isinstance(error, SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error
