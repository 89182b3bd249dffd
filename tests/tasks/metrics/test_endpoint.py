"""The endpoint as a whole: what a scrape gets with and without a broker, and where it listens."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from redis import Redis

from tasks.broker.jobs import ADAPTER, Jobs
from tasks.broker.workers import Worker, Workers
from tasks.errors import SettingInvalid
from tasks.metrics.endpoint import serve_metrics
from tasks.settings import Settings
from tasks.supervisor import up_file
from tests.patience import SECONDS
from tests.tasks.metrics.conftest import Scrape, free_port, samples_of, text_at

MEMORY = "swallow_process_resident_memory_bytes"


def test_a_scrape_without_a_broker_says_so_and_still_has_the_memory(tmp_path: Path) -> None:
    for settings in (
        Settings(home=tmp_path / "nobody"),
        Settings(redis_url=f"redis://127.0.0.1:{free_port()}/0"),
    ):
        port = free_port()
        serve_metrics(("127.0.0.1", port), settings, "bot")

        found = samples_of(text_at(port))

        assert found["swallow_broker_up"] == 0
        assert found[f'{MEMORY}{{process="bot"}}'] > 0
        assert not [name for name in found if "questions" in name]


def test_workers_and_the_adapter_are_shown_and_no_text_and_no_user(
    jobs: Jobs, redis: Redis, endpoint: int
) -> None:
    workers = Workers(redis)
    workers.announce(
        Worker("one", ("answers", "plans"), "ready", running=3, tokens_per_second=12.5)
    )
    workers.announce(Worker("two", ("training",), "failed", detail="秘密"))
    redis.set(ADAPTER, f"faq@{'0' * 64}")
    jobs.create("a", "answer", destination={"user": "UALICE"}, asked={"text": "秘密"})
    jobs.enqueue("a", {"instruction": "秘密"})

    text = text_at(endpoint)
    found = samples_of(text)

    assert found["swallow_broker_up"] == 1
    assert found['swallow_worker_running_answers{worker="one"}'] == 3
    assert found['swallow_worker_tokens_per_second{worker="one"}'] == 12.5
    assert found['swallow_workers{state="ready"}'] == 1
    assert found['swallow_workers{state="failed"}'] == 1
    assert found['swallow_adapter_info{adapter="faq"}'] == 1
    assert "秘密" not in text
    assert "UALICE" not in text


def test_without_an_adapter_in_use_none_is_shown(scrape: Scrape) -> None:
    assert not [name for name in scrape() if "adapter" in name]


def test_memory_is_told_apart_by_process(redis: Redis, scrape: Scrape, valkey: str) -> None:
    home = Settings().home
    home.mkdir(parents=True)
    child = subprocess.Popen([sys.executable, "-c", "input()", "trainer"], stdin=subprocess.PIPE)
    try:
        up_file.write(home, workspace=None, parts={"trainer": os.getpid(), "bot": None})

        found = scrape()

        size = psutil.Process(child.pid).memory_info().rss
    finally:
        child.communicate(b"\n", timeout=SECONDS)
    assert 0 < found[f'{MEMORY}{{process="training"}}'] <= size
    assert found[f'{MEMORY}{{process="up"}}'] > 0


@pytest.mark.parametrize("command", ["up", "worker", "bot"])
def test_a_taken_port_gets_one_sentence(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = subprocess.run(
            [sys.executable, "-m", "tasks.cli", command, "--metrics", str(port)],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr == f"swallow: Port {port} is taken; choose another with --metrics.\n"


def test_an_address_that_is_not_ours_gets_one_sentence() -> None:
    with pytest.raises(SettingInvalid, match=r"Metrics cannot be served at 192\.0\.2\.1:"):
        serve_metrics(("192.0.2.1", free_port()), Settings(), "up")
