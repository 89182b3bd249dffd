"""Questions that are edited, deleted, forgotten or asked on, in every order; on a real Valkey."""

from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import TimeoutError as RedisTimeoutError

from tasks.asking.limits import asked_lately, asked_today, asked_within_a_minute
from tasks.broker.jobs import Jobs
from tasks.privacy import forget as privacy
from tasks.privacy.forget import forget

DESTINATION = {"channel": "C1", "ts": "1", "user": "UALICE"}
LEFT = {"text": "", "files": [], "language": "en"}


def ask(jobs: Jobs, id: str = "a", **options: Any) -> str:
    return jobs.create(
        id, "answer", destination=DESTINATION, asked={"text": "one", "files": []}, **options
    )


def edit(jobs: Jobs, text: str, at: str) -> bool:
    return jobs.revise("a", {"text": text, "files": [], "edited": at}, at)


def answer(jobs: Jobs, id: str = "a") -> None:
    """Ask a question and answer it."""
    ask(jobs, id)
    jobs.enqueue(id, {"instruction": "one"})
    attempt = jobs.claim(id, "w")
    assert attempt
    jobs.finish(id, attempt, "finished", {})


def words(jobs: Jobs) -> str:
    job = jobs.get("a")
    assert job is not None
    return str(job.asked["text"])


def test_an_edit_takes_back_the_adapter_that_the_old_words_named(jobs: Jobs) -> None:
    ask(jobs, adapter="default@1")
    jobs.enqueue("a", {"instruction": "one"}, adapter="faq@2")
    edit(jobs, "two", "2.0")
    jobs.enqueue("a", {"instruction": "two"}, revision=1)

    assert jobs.states(["a"])[0].adapter == "default@1"


def test_an_edit_that_is_taken_back_counts_whatever_comes_first(jobs: Jobs) -> None:
    ask(jobs)
    assert not edit(jobs, "one", "3.0")  # back to the first words
    assert not edit(jobs, "two", "2.0")  # what was taken back comes behind

    assert words(jobs) == "one"


def test_nothing_is_asked_on_of_an_answer_that_is_not_there_any_more(jobs: Jobs) -> None:
    for id in ("a", "b", "c"):
        answer(jobs, id)
    edit(jobs, "two", "2.0")
    jobs.withdraw("b", LEFT, "UALICE", remember=False)
    jobs.forget("c", LEFT, "UALICE")

    assert [ask(jobs, f"{id}2", follows=(id, 0)) for id in "abc"] == ["gone"] * 3
    assert not jobs.get("a2")


def test_what_is_stored_of_an_answer_while_its_asker_is_forgotten_goes_too(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(jobs)
    found = privacy._of

    def and_pressed(jobs: Jobs, person: str) -> Any:
        records = list(found(jobs, person))
        if records and not jobs.get("a2"):
            assert ask(jobs, "a2", follows=("a", 0)) == "created"
        return records

    monkeypatch.setattr(privacy, "_of", and_pressed)
    forget(jobs, "UALICE", "UALICE", Path("home"))

    assert [job.state for job in jobs.states(["a2"])] == ["cancelled"]


def test_a_question_whose_asker_was_forgotten_meanwhile_is_not_counted(
    jobs: Jobs, redis: Redis
) -> None:
    ask(jobs)
    job = jobs.get("a")
    assert job is not None
    forget(jobs, "UALICE", "UALICE", Path("home"))

    asked_within_a_minute(jobs, job)

    assert asked_today(redis, "UALICE") == []
    assert not redis.keys("swallow:asked:*")


def test_a_clock_that_is_set_back_counts_no_question_for_an_hour(jobs: Jobs, redis: Redis) -> None:
    ask(jobs)
    job = jobs.get("a")
    assert job is not None
    asked_within_a_minute(jobs, job)
    assert asked_lately(jobs, "UALICE") == (1, 1)
    redis.zincrby("swallow:asked:UALICE", 3_600_000, "a")

    assert asked_lately(jobs, "UALICE") == (0, 1)


def test_a_deletion_outlives_a_power_failure(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    def not_in_time(redis: Redis) -> None:
        raise RedisTimeoutError

    ask(jobs)
    monkeypatch.setattr("tasks.broker.jobs.flush", not_in_time)
    with pytest.raises(RedisTimeoutError):
        jobs.withdraw("a", LEFT, "UALICE", remember=True)
    monkeypatch.setattr(privacy, "flush", not_in_time, raising=False)
    with pytest.raises(RedisTimeoutError):
        forget(jobs, "UALICE", "UALICE", Path("home"))
