"""A conversation that is longer than a prompt, on a real Valkey; the engine is a double."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.attempts.running import RunningAttempts
from tasks.broker.job import Event, Job
from tasks.broker.jobs import Jobs
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.errors import EngineFailed
from tasks.queues.answers import Answers
from tasks.settings import Settings
from trainer.prompts.instructions import summarise_part
from trainer.prompts.prompt import Prompt

LIMIT = 100
"""The characters of input that fit the double's prompt."""


class CountingEngine:
    """Answers each part with its number, and the question with what it was asked about."""

    name, model, parallel, sampling = "double", "tiny", 8, Sampling()
    precision, style = "int8", None

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.before: Callable[[int], Any] = lambda number: None

    def prompt(self, question: Question) -> Prompt:
        return Prompt([], question.input, cut_characters=max(0, len(question.input) - LIMIT))

    def answer(
        self,
        question: Question,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool],
        *_: object,
    ) -> Answer:
        self.asked.append(question)
        self.before(len(self.asked))
        if should_stop():
            return Answer("", 3, 0, 1.0, 0.5, "interrupted")
        is_part = question.instruction == summarise_part("en")
        on_text(f"summary {len(self.asked)}" if is_part else "the whole")
        return Answer("", 3, 2, 1.0, 0.5, "length", ids=[1, 2])


@pytest.fixture
def engine() -> CountingEngine:
    return CountingEngine()


@pytest.fixture
def answers(jobs: Jobs, tmp_path: Path, engine: CountingEngine) -> Answers:
    running = RunningAttempts(drain_seconds=1)
    settings = Settings(home=tmp_path)
    return Answers(engine, jobs, running, settings, "w")  # type: ignore[arg-type]  # no style


def ask(jobs: Jobs, messages: int, **more: Any) -> str:
    """Store a question about so many messages of fifty characters."""
    said = [{"user": "U1", "speaker": "A", "text": f"{n:02} " + "x" * 47} for n in range(messages)]
    jobs.create("a", "answer", destination={"user": "U1"}, asked={"text": "q"})
    request = {"instruction": "Summarise it.", "input": "", "material": said, "standing": "Short."}
    assert jobs.enqueue("a", request | more)
    return "a"


def parts_told(events: list[Event]) -> list[tuple[int, int]]:
    return [(e.data["number"], e.data["count"]) for e in events if e.type == "part"]


def text_of(events: list[Event]) -> str:
    newest = max(event.attempt for event in events)
    return "".join(e.data["text"] for e in events if e.type == "text" and e.attempt == newest)


def record(jobs: Jobs) -> Job:
    job = jobs.get("a")
    assert job is not None
    return job


def test_what_fits_is_summarised_at_once(
    jobs: Jobs, answers: Answers, engine: CountingEngine
) -> None:
    answers.runner.run(ask(jobs, 1, summarise="en"))

    events = jobs.events("a")
    assert len(engine.asked) == 1
    assert parts_told(events) == []
    assert "parts" not in events[-1].data


def test_a_long_conversation_is_summarised_in_parts_and_these_into_one_answer(
    jobs: Jobs, answers: Answers, engine: CountingEngine
) -> None:
    answers.runner.run(ask(jobs, 4, summarise="en"))

    events = jobs.events("a")
    *parts, final = engine.asked
    assert parts_told(events) == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [part.input[:2] for part in parts] == ["00", "01", "02", "03"]
    assert {(part.instruction, part.standing) for part in parts} == {(summarise_part("en"), "")}
    assert (final.instruction, final.standing) == ("Summarise it.", "Short.")
    assert final.input.splitlines()[0] == "1/4: summary 1"
    assert text_of(events) == "the whole"
    assert [e.type for e in events if e.final] == ["finished"]
    assert (events[-1].data["parts"], events[-1].data["tokens"]) == (4, 10)
    assert "ids" not in events[-1].data  # it cannot go on behind a prompt that is not kept


def test_summaries_that_are_too_many_are_summarised_once_more(
    jobs: Jobs, answers: Answers, engine: CountingEngine
) -> None:
    answers.runner.run(ask(jobs, 12, summarise="en"))

    events = jobs.events("a")
    assert (12, 12) in parts_told(events)
    assert len(parts_told(events)) > 12
    assert len(engine.asked[-1].input) <= LIMIT


def test_a_summary_that_is_stopped_among_its_parts_ends_as_cancelled(
    jobs: Jobs, answers: Answers, engine: CountingEngine
) -> None:
    def stop(number: int) -> None:
        if number == 2:
            (attempt,) = answers.runner.running.all()
            attempt.stop("cancelled")

    engine.before = stop
    answers.runner.run(ask(jobs, 4, summarise="en"))

    assert len(engine.asked) == 2
    assert record(jobs).state == "cancelled"
    assert text_of(jobs.events("a")) == ""


def test_a_summary_whose_worker_dies_among_its_parts_begins_anew(
    jobs: Jobs, answers: Answers, engine: CountingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.attempts.runner.publish", lambda *_, **__: None)

    def die(number: int) -> None:
        if number == 2:
            raise EngineFailed("The generating process failed (double).")

    engine.before = die
    answers.runner.run(ask(jobs, 4, summarise="en"))
    jobs.sweep()
    answers.runner.run("a")

    events = jobs.events("a")
    assert (record(jobs).state, record(jobs).attempt) == ("finished", 2)
    assert text_of(events) == "the whole"
    assert [e.type for e in events if e.final] == ["finished"]


def test_each_part_may_take_as_long_as_an_answer(
    jobs: Jobs, answers: Answers, engine: CountingEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("tasks.attempts.attempt.time.monotonic", lambda: clock[0])

    def wait(number: int) -> None:
        clock[0] += 0.9 * answers.settings.answer_seconds

    engine.before = wait
    answers.runner.run(ask(jobs, 4, summarise="en"))

    assert jobs.events("a")[-1].data["finish"] == "length"


def test_of_a_conversation_that_is_asked_about_the_oldest_messages_are_left_out(
    jobs: Jobs, answers: Answers, engine: CountingEngine
) -> None:
    answers.runner.run(ask(jobs, 4))

    (final,) = engine.asked
    assert final.input.startswith("03 ")
    assert jobs.events("a")[-1].data["dropped_turns"] == 3
