"""Questions that a worker cannot answer are left to others, and end only when nobody can."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.adapters.registry import Registry
from tasks.attempts import stranded
from tasks.attempts.heartbeat import sweep
from tasks.attempts.running import RunningAttempts
from tasks.attempts.stranded import StrandedQuestions
from tasks.broker.celery_app import app, ids_in_queue
from tasks.broker.job import Job, JobState
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tasks.engines.protocol import Answer, Question, Sampling
from tasks.queues import unusable_adapters
from tasks.queues.answers import Answers
from tasks.settings import Settings, settings
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.names import folder_of
from trainer.errors import AdapterRefused


class Model:
    """An engine that answers at once, or refuses every adapter."""

    name, sampling, parallel = "transformers", Sampling(), 1

    def __init__(self, model: str, *, refuses: bool = False) -> None:
        self.model = model
        self.refuses = refuses

    def answer(self, question: Question, on_text: Callable[[str], None], *_: object) -> Answer:
        if self.refuses:
            raise AdapterRefused("It does not fit.")
        on_text("hello")
        return Answer("", 1, 1, 0.1, 0.1, "stop")


class Clock:
    """A clock that stands until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def broker(valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let Celery, which reads its address once, publish to the test's broker."""
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    settings.cache_clear()
    app.conf.broker_url = valkey
    yield
    settings.cache_clear()


@pytest.fixture
def adapter(tmp_path: Path, redis: Redis, valkey: str) -> str:
    """An adapter of the model `one`, put in use on the bot's host; its reference."""
    registry = Registry(Settings(home=tmp_path / "bot", redis_url=valkey), redis)
    write_adapter(folder_of("learned", tmp_path / "bot"), base_model="one")
    registry.use("learned")
    return registry.in_use


@pytest.fixture
def worker(tmp_path: Path, jobs: Jobs, valkey: str) -> Callable[..., Answers]:
    """Make the part of a worker that answers, on a host of its own."""

    def made(name: str, model: str, **options: Any) -> Answers:
        running = RunningAttempts(drain_seconds=1)
        home = Settings(home=tmp_path / name, redis_url=valkey)
        engine: Any = Model(model, **options)
        answers = Answers(engine, jobs, running, home, name)
        announce(jobs, answers)
        return answers

    return made


def announce(jobs: Jobs, answers: Answers) -> None:
    worker = Worker(
        answers.runner.worker,
        ("answers",),
        "ready",
        model=answers.engine.model,
        refused=answers.unusable.sentences,
    )
    Workers(jobs.redis).announce(worker)


def asked(jobs: Jobs, id: str = "a") -> str:
    jobs.create(id, "answer", destination={}, asked={})
    assert jobs.enqueue(id, {"instruction": "hi"})
    return id


def job_of(jobs: Jobs, id: str = "a") -> Job:
    job = jobs.get(id)
    assert job is not None
    return job


def waiting(jobs: Jobs, redis: Redis, id: str = "a") -> list[JobState]:
    """Sweep, as if the job had been published a while ago."""
    redis.hset(f"swallow:job:{id}", "published", 0)
    return sweep(jobs)


def test_a_question_goes_to_the_workers_with_the_adapters_model(
    adapter: str, worker: Callable[..., Answers], jobs: Jobs, redis: Redis
) -> None:
    other, right = worker("b", "two"), worker("a", "one")
    asked(jobs)

    other.runner.run("a")

    assert (job_of(jobs).state, job_of(jobs).attempt) == ("queued", 0)
    assert ids_in_queue(redis, "answer", "one") == {"a"}
    right.runner.run("a")
    assert (job_of(jobs).state, job_of(jobs).lost) == ("finished", 0)
    assert jobs.events("a")[-1].data["model"] == "one"


def test_a_question_without_an_adapter_is_answered_by_any_worker(
    worker: Callable[..., Answers], jobs: Jobs
) -> None:
    worker("a", "one")
    other = worker("b", "two")
    asked(jobs)

    other.runner.run("a")

    assert job_of(jobs).state == "finished"


def test_a_sweep_publishes_a_question_where_the_workers_that_can_answer_look(
    adapter: str, worker: Callable[..., Answers], jobs: Jobs, redis: Redis
) -> None:
    worker("b", "two").runner.run(asked(jobs))
    waiting(jobs, redis)
    assert ids_in_queue(redis, "answer", "one") == {"a"}, "its message is there"
    redis.delete("answers:one", "answers:one\x06\x163")

    waiting(jobs, redis)

    assert ids_in_queue(redis, "answer", "one") == {"a"}
    assert ids_in_queue(redis, "answer") == set()


def test_a_worker_that_cannot_fetch_an_adapter_leaves_its_question_and_tries_again_later(
    adapter: str,
    worker: Callable[..., Answers],
    jobs: Jobs,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full, clock = worker("b", "one"), Clock()
    monkeypatch.setattr(full.unusable, "_clock", clock)
    (full.settings.home / "cache").mkdir(parents=True)
    blocking = full.settings.cache / "adapters"
    blocking.write_text("")  # where its folder would be
    asked(jobs)

    full.runner.run("a")
    blocking.unlink()
    full.runner.run("a")

    assert (job_of(jobs).state, job_of(jobs).attempt) == ("queued", 0)
    assert "cannot be written to" in full.unusable.sentences[adapter]
    waiting(jobs, redis)
    assert ids_in_queue(redis, "answer") == {"a"}
    clock.now = unusable_adapters.RETRY_SECONDS
    full.runner.run("a")
    assert job_of(jobs).state == "finished"
    assert full.unusable.sentences == {}


def test_a_worker_whose_engine_refuses_an_adapter_leaves_its_question_without_a_loss(
    adapter: str, worker: Callable[..., Answers], jobs: Jobs
) -> None:
    refusing, right = worker("b", "one", refuses=True), worker("a", "one")
    asked(jobs)

    refusing.runner.run("a")
    refusing.runner.run("a")

    assert (job_of(jobs).state, job_of(jobs).attempt, job_of(jobs).lost) == ("queued", 1, 0)
    right.runner.run("a")
    assert job_of(jobs).state == "finished"


def test_a_question_nobody_can_answer_ends_with_the_reason_after_a_lasting_time(
    adapter: str, worker: Callable[..., Answers], jobs: Jobs, redis: Redis
) -> None:
    clock = Clock()
    questions, workers = StrandedQuestions(jobs, clock), Workers(redis)
    worker("b", "two").runner.run(asked(jobs))
    questions.end(waiting(jobs, redis), workers.all())
    clock.now = stranded.STRANDED_SECONDS - 1
    workers.announce(Worker("a", ("answers",), "loading"))  # it may be the one
    questions.end(waiting(jobs, redis), workers.all())
    workers.leave("a")
    clock.now += 1
    questions.end(waiting(jobs, redis), workers.all())
    assert job_of(jobs).state == "queued", "the time began again"

    clock.now += stranded.STRANDED_SECONDS
    questions.end(waiting(jobs, redis), workers.all())

    assert jobs.events("a")[-1].data == {"reason": "adapter_model", "model": "one"}


def test_what_every_worker_says_of_an_adapter_is_the_reason_at_the_end(
    adapter: str, worker: Callable[..., Answers], jobs: Jobs, redis: Redis
) -> None:
    clock = Clock()
    questions, workers = StrandedQuestions(jobs, clock), Workers(redis)
    redis.delete(f"swallow:adapter-pieces:{adapter.partition('@')[2]}")
    one = worker("a", "one")
    one.runner.run(asked(jobs))
    announce(jobs, one)
    for clock.now in (0, stranded.STRANDED_SECONDS):
        questions.end(waiting(jobs, redis), workers.all())

    end = jobs.events("a")[-1].data
    assert end["reason"] == "adapter"
    assert "nobody has published it" in end["detail"]


def test_an_adapter_is_used_if_one_of_the_workers_models_is_the_one_it_was_trained_on(
    worker: Callable[..., Answers], tmp_path: Path, redis: Redis, valkey: str
) -> None:
    worker("a", "one")
    worker("b", "two")
    registry = Registry(Settings(home=tmp_path / "bot", redis_url=valkey), redis)
    for model in ("one", "three"):
        write_adapter(folder_of(f"of-{model}", tmp_path / "bot"), base_model=model)

    registry.use("of-one")
    with pytest.raises(AdapterRefused, match="was trained on three"):
        registry.use("of-three")
