"""A worker whose generating process dies; the deaths are forced, records are in a real Valkey."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.attempts.running import RunningAttempts
from tasks.broker.jobs import Jobs
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.errors import EngineFailed
from tasks.queues.answers import Answers
from tasks.queues.engine_check import QUESTION
from tasks.settings import Settings
from tests.patience import until


class DyingEngine:
    """Dies at questions that `kills` says, until it is healed."""

    name, model, parallel, sampling = "double", "tiny", 8, Sampling()
    precision, style = "int8", None

    def __init__(self, kills: Callable[[Question], bool]) -> None:
        self.kills = kills
        self.asked: list[str] = []

    def answer(self, question: Question, on_text: Callable[[str], None], *_: object) -> Answer:
        self.asked.append(question.instruction)
        if self.kills(question):
            raise EngineFailed("The generating process failed (it ended); it is started again.")
        on_text("an answer")
        return Answer("", 3, 2, 1.0, 0.5, "stop")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ids: list[str] = []
    monkeypatch.setattr("tasks.attempts.runner.publish", lambda id, kind, **_: ids.append(id))
    return ids


def worker(jobs: Jobs, tmp_path: Path, engine: DyingEngine) -> Answers:
    running = RunningAttempts(drain_seconds=1)
    settings = Settings(home=tmp_path)
    return Answers(engine, jobs, running, settings, "w")  # type: ignore[arg-type]  # no style


def asked(jobs: Jobs, id: str) -> str:
    jobs.create(id, "answer", destination={}, asked={"text": "hi"})
    assert jobs.enqueue(id, {"instruction": id})
    return id


def state(jobs: Jobs, id: str) -> tuple[str, int]:
    job = jobs.get(id)
    assert job is not None
    return job.state, job.lost


def test_a_question_that_kills_the_process_does_not_stop_the_worker(
    jobs: Jobs, tmp_path: Path, published: list[str]
) -> None:
    engine = DyingEngine(lambda question: question.instruction == "poison")
    answers = worker(jobs, tmp_path, engine)

    for _ in range(4):
        answers.runner.run(asked(jobs, "poison") if not engine.asked else "poison")
        until(lambda: not answers.check.checking)
        jobs.sweep()
    answers.runner.run(asked(jobs, "innocent"))

    assert state(jobs, "poison") == ("failed", 4)
    assert state(jobs, "innocent") == ("finished", 0)
    assert engine.asked == ["poison", QUESTION.instruction] * 4 + ["innocent"]


def test_a_check_that_fails_in_an_unexpected_way_is_made_again(
    jobs: Jobs, tmp_path: Path, published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.queues.engine_check.RETRY_SECONDS", 0.01)
    engine = DyingEngine(lambda question: len(engine.asked) == 1)
    dying, failures = engine.answer, iter([MemoryError(), RuntimeError(), MemoryError()])

    def answer(question: Question, *callbacks: Any) -> Answer:
        error = next(failures, None) if question == QUESTION else None
        if error:
            raise error
        return dying(question, *callbacks)

    monkeypatch.setattr(engine, "answer", answer)
    answers = worker(jobs, tmp_path, engine)

    answers.runner.run(asked(jobs, "first"))
    until(lambda: not answers.check.checking)
    jobs.sweep()
    answers.runner.run("first")

    assert state(jobs, "first") == ("finished", 1)


def test_a_worker_whose_process_always_dies_takes_no_more_questions_until_it_answers_again(
    jobs: Jobs, tmp_path: Path, published: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    again = threading.Event()
    monkeypatch.setattr("tasks.queues.engine_check.RETRY_SECONDS", 0.01)
    engine = DyingEngine(lambda question: not again.is_set())
    answers = worker(jobs, tmp_path, engine)

    answers.runner.run(asked(jobs, "first"))
    until(lambda: bool(answers.check.problem))
    jobs.sweep()
    answers.runner.run("first")
    answers.runner.run(asked(jobs, "second"))

    assert state(jobs, "first") == ("queued", 1), "one attempt was lost, not every one"
    assert state(jobs, "second") == ("queued", 0)
    assert published == ["first", "second"], "for other workers"
    assert "times in a row" in answers.check.problem

    again.set()
    until(lambda: not answers.check.checking)
    answers.runner.run("first")

    assert state(jobs, "first") == ("finished", 1)
    assert answers.check.problem == ""
