"""Stopped and started again: a system of its own, whose first start converts the model.

Its bot hears of what is said over HTTP, where the other systems use Socket Mode.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.workspace import ONE_THREAD, System, free_port, running_system, state_of
from trainer.base_model.source import Source

QUESTION = "Write a very long story about a restart."


@pytest.fixture(scope="module")
def thread(
    tmp_path_factory: pytest.TempPathFactory, small_model: Source, engine_option: str
) -> Iterator[tuple[System, str]]:
    """A system that was stopped while it answered, and started again; the question's thread."""
    with running_system(
        tmp_path_factory.mktemp("restart"),
        engine_option,
        **ONE_THREAD,
        SWALLOW_DRAIN_SECONDS="0",
        SWALLOW_MAX_NEW_TOKENS="150",
        SWALLOW_LOG="json",
        SWALLOW_HTTP=str(free_port()),
    ) as system:
        ts = system.workspace.say(f"<@UBOT> {QUESTION}")
        system.workspace.wait_for_text(ts)

        secret = system.workspace.secret
        assert system.stop() == 0
        system.start()
        assert system.workspace.secret != secret

        system.workspace.answers(ts)
        yield system, ts


def test_ctrl_c_puts_the_running_answer_back_and_the_next_start_finishes_it(
    thread: tuple[System, str],
) -> None:
    system, ts = thread

    (message,) = system.workspace.answers(ts)

    assert state_of(message) == "finished"
    assert len(system.workspace.bot_messages(ts)) == 1


def test_every_process_logs_one_json_object_a_line_without_any_text(
    thread: tuple[System, str],
) -> None:
    system, _ = thread

    lines: list[dict[str, Any]] = [json.loads(line) for line in system.log_text().splitlines()]

    assert {"up", "worker", "trainer", "bot", "workspace"} <= {line["part"] for line in lines}
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    answers = [line for line in lines if "tokens in" in line["message"]]
    assert answers
    assert all(f"job {line['job']}: " in line["message"] for line in answers)
    assert QUESTION not in system.log_text()
