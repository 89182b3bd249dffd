"""Short forms of the drill "machine": the clock jumps, and the broker's disk takes no writes."""

from pathlib import Path

import pytest

from tests.drills.broker import Broker
from tests.drills.machine import clock
from tests.drills.machine.__main__ import good, options_of, why_not
from tests.drills.machine.beside_slack import system_beside_slack
from tests.drills.questions import Questions
from tests.patience import until
from tests.system.workspace import ONE_THREAD

SHORT = "--questions=4 --different=6 --rounds=1 --jumps=1 --seed=1"


def test_nothing_waits_for_a_clock_that_was_set(
    tmp_path: Path, model_cache: Path, engine_option: str
) -> None:
    if why := why_not("clock"):
        pytest.skip(why)
    options = options_of([*SHORT.split(), f"--engine={engine_option}"])

    figures = clock.run(tmp_path, options, model_cache)

    assert good(figures), figures
    assert figures["jumps"] == {"forward": 1, "back": 1}


def test_a_worker_outlives_a_broker_that_takes_no_writes_and_nothing_is_lost(
    tmp_path: Path, model_cache: Path, engine_option: str
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    broker = Broker(home)
    broker.start()
    settings = ONE_THREAD | {"SWALLOW_MAX_NEW_TOKENS": "60", "SWALLOW_REDIS_URL": broker.url}
    try:
        with system_beside_slack(tmp_path, engine_option, model_cache, settings) as system:
            questions = Questions(system, seed=1, different=6)
            questions.learn(rounds=1)
            worker = system.pid_of("worker")
            for _ in questions.ask(4, at_once=4):
                pass
            until(lambda: any(job.state == "running" for job in system.jobs.open_states()))

            broker.refuse_writes()
            status = system.command("status").stdout
            broker.take_writes()

            assert "takes no writes" in status
            assert set(questions.check(patience_seconds=300)) == {"answered"}, questions.problems
            assert system.pid_of("worker") == worker, system.log_text()
    finally:
        broker.stop()
