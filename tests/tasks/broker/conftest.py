"""A broker that is reached through a proxy which loses replies."""

from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tasks.broker.connection import AWAY
from tests.tasks.broker.links.lossy_proxy import LossyProxy, lossy


@pytest.fixture
def proxy(valkey: str) -> Iterator[LossyProxy]:
    with lossy(valkey) as proxy:
        yield proxy


@pytest.fixture
def distant_redis(proxy: LossyProxy, redis: Redis) -> Iterator[Redis]:
    """A client of the database that `redis` is, through the proxy."""
    client = Redis.from_url(
        proxy.url, decode_responses=True, retry=Retry(NoBackoff(), 3), retry_on_error=list(AWAY)
    )
    yield client
    client.close()
