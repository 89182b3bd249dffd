"""The endpoint of `--metrics` on the tests' Valkey, scraped over HTTP as Prometheus does."""

import socket
from collections.abc import Callable
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from tasks.metrics.endpoint import serve_metrics
from tasks.settings import Settings
from tests.patience import SECONDS

Samples = dict[str, float]
Scrape = Callable[[], Samples]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def text_at(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=SECONDS) as response:
        return str(response.read().decode())


def samples_of(text: str) -> Samples:
    """Return each sample by its name and labels, such as `x_total{outcome="failed"}`."""
    samples = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            samples[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return samples


@pytest.fixture
def endpoint(redis: Redis, valkey: str) -> int:
    """The port of an endpoint that a worker serves."""
    port = free_port()
    serve_metrics(("127.0.0.1", port), Settings(redis_url=valkey), "worker")
    return port


@pytest.fixture
def scrape(endpoint: int) -> Scrape:
    return lambda: samples_of(text_at(endpoint))
