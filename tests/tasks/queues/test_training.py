"""Trainings as jobs, by the real trainer on a tiny model: finished, paused, cancelled, resumed."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from redis import Redis
from redis.exceptions import ResponseError
from safetensors.torch import load_file

from tasks.attempts.heartbeat import Heartbeat
from tasks.attempts.runner import JobRunner
from tasks.attempts.running import RunningAttempts
from tasks.broker.host_busy import mark_busy
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.workers import Worker, Workers
from tasks.feedback.removal import remove
from tasks.feedback.store import Feedback
from tasks.privacy.forget import forget
from tasks.queues.plans import Plans
from tasks.queues.training import Trainings
from tasks.settings import Settings
from tasks.trainings.resumable import resumable
from tasks.trainings.trainer_process import TrainerProcess
from tests.patience import SECONDS, until
from tests.tasks.adapter_files import write_adapter
from tests.tasks.feedback.rows import proposed
from tests.trainer import doubles
from trainer.errors import RowsRemoved
from trainer.progress import events
from trainer.run import start
from trainer.training_folder import RemovedRows, Training

ADMIN = "UADMIN"
OPTIONS = {"output": "learned", "batch_size": 4, "micro_batch_size": 1, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return doubles.write_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def settings(tmp_path: Path, valkey: str, model: Path) -> Settings:
    rows = tmp_path / "home" / "datasets" / "rows.jsonl"
    rows.parent.mkdir(parents=True)
    doubles.write_rows(rows, 96)
    return Settings(home=tmp_path / "home", redis_url=valkey, model=str(model), style="alpaca-en")


@pytest.fixture(autouse=True)
def one_core() -> Iterator[None]:
    """Give the trainer one core: equal results need the same thread count, which it measures."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


class Host:
    """A worker's heartbeat and its two kinds of jobs, in this process."""

    def __init__(self, settings: Settings, jobs: Jobs) -> None:
        self.running = RunningAttempts(drain_seconds=1)
        self.jobs = jobs
        self.published: list[str] = []
        common = (jobs, self.running, settings, "here")
        self.plans = Plans(*common).runner
        self.trainings = Trainings(*common).runner
        workers = Workers(jobs.redis)
        self.heartbeat = Heartbeat(
            jobs, workers, self.running, lambda: Worker("here", ("training",))
        )

    def start(self, runner: JobRunner, id: str) -> threading.Thread:
        thread = threading.Thread(target=runner.run, args=[id], daemon=True)
        thread.start()
        return thread


@pytest.fixture
def host(settings: Settings, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    host = Host(settings, jobs)
    for module in ("heartbeat", "runner"):
        monkeypatch.setattr(
            f"tasks.attempts.{module}.publish",
            lambda id, kind, first, **_: host.published.append(id),
        )
    host.heartbeat.start()
    yield host
    host.heartbeat.end()


def asked(jobs: Jobs, id: str, **options: Any) -> str:
    jobs.create(id, "train", destination={"channel": "C1"}, asked={"text": ""})
    request = {"training": id, "resume": False, "options": OPTIONS | {"data": "rows"} | options}
    assert jobs.enqueue(id, request)
    return id


def job_of(jobs: Jobs, id: str) -> Job:
    job = jobs.get(id)
    assert job is not None
    return job


def final(jobs: Jobs, id: str) -> dict[str, Any]:
    return dict(jobs.events(id)[-1].data)


def child_of(jobs: Jobs, id: str) -> int:
    """Return the process of the running training, found by its command line."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if words[1:3] == ["-m", "trainer"] and any(id in word for word in words):
            return int(folder.name)
    return 0


def state_of_process(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]


def test_a_training_reports_on_the_way_and_ends_with_its_verdict(
    host: Host, jobs: Jobs, settings: Settings
) -> None:
    host.trainings.run(asked(jobs, "t1"))

    job, end = job_of(jobs, "t1"), final(jobs, "t1")
    assert job.state == "finished", end
    assert end["output"] == "learned"
    assert end["verdict"] in ("better", "worse", "no clear difference")
    assert end["evaluation"]["before"]["loss"] > 0
    assert {"instruction", "base", "adapter"} <= end["answers"][0].keys()
    assert end["curve"].startswith("iVBOR")
    assert (settings.home / "adapters" / "learned" / "swallow.json").is_file()
    phases = [e.data["phase"] for e in jobs.events("t1") if e.type == "progress"]
    assert list(dict.fromkeys(phases)) == [
        "loading",
        "measuring",
        "training",
        "evaluating",
    ]
    assert job.progress["steps"] == job.progress["step"] == 21


def test_a_plan_says_what_would_be_done_and_names_no_path(host: Host, jobs: Jobs) -> None:
    jobs.create("p1", "plan", destination={}, asked={"text": ""})
    jobs.enqueue("p1", {"options": OPTIONS | {"data": "rows"}})

    host.plans.run("p1")

    plan = final(jobs, "p1")["plan"]
    assert (plan["rows"], plan["steps"]) == (84, 21)
    assert 0 < plan["seconds"] < 60
    assert (plan["output"], plan["data"]) == ("learned", "rows")
    assert "/" not in json.dumps([plan["output"], plan["data"]])


def test_a_plan_does_not_say_where_the_default_data_lie(
    host: Host, jobs: Jobs, settings: Settings
) -> None:
    settings.train_data = str(settings.home / "datasets" / "rows.jsonl")
    jobs.create("p2", "plan", destination={}, asked={"text": ""})
    jobs.enqueue("p2", {"options": OPTIONS})

    host.plans.run("p2")

    assert final(jobs, "p2")["plan"]["data"] == "rows.jsonl"


@pytest.mark.parametrize("kind", ["plan", "train"])
def test_unknown_data_fails_with_the_names_there_are(host: Host, jobs: Jobs, kind: str) -> None:
    if kind == "train":
        id, runner = asked(jobs, "bad", data="../../etc"), host.trainings
    else:
        id, runner = "bad", host.plans
        jobs.create(id, "plan", destination={}, asked={"text": ""})
        jobs.enqueue(id, {"options": {"data": "../../etc"}})

    runner.run(id)

    assert final(jobs, id) == {
        "reason": "dataset",
        "name": "../../etc",
        "known": ["feedback", "rows", "sample"],
    }


def test_what_the_trainer_refuses_is_said_in_its_words(host: Host, jobs: Jobs) -> None:
    host.trainings.run(asked(jobs, "t2", cutoff_len=4000))

    end = final(jobs, "t2")
    assert job_of(jobs, "t2").state == "failed"
    assert end["reason"] == "training"
    assert end["detail"] == "--cutoff-len is 4000, but the model's context has 512 tokens."


def test_a_training_stands_still_while_a_question_is_answered(
    host: Host, jobs: Jobs, redis: Redis
) -> None:
    mark_busy(redis)
    thread = host.start(host.trainings, asked(jobs, "t3"))
    until(lambda: child_of(jobs, "t3") > 0 and state_of_process(child_of(jobs, "t3")) == "T")
    until(lambda: bool(job_of(jobs, "t3").progress.get("held")))

    redis.delete(*redis.keys("swallow:busy:*"))

    until(lambda: state_of_process(child_of(jobs, "t3")) != "T")
    until(lambda: not job_of(jobs, "t3").progress["held"])
    thread.join(SECONDS)
    assert job_of(jobs, "t3").state == "finished"


def test_cancelling_stops_the_process_with_a_checkpoint_even_while_it_is_held(
    host: Host, jobs: Jobs, redis: Redis
) -> None:
    thread = host.start(host.trainings, asked(jobs, "t4", num_epochs=500))
    until(lambda: job_of(jobs, "t4").progress.get("step", 0) > 3)
    pid = child_of(jobs, "t4")
    mark_busy(redis)
    until(lambda: state_of_process(pid) == "T")

    jobs.cancel("t4", "UADMIN")
    thread.join(SECONDS)

    assert job_of(jobs, "t4").state == "cancelled"
    assert not Path(f"/proc/{pid}").exists()
    assert final(jobs, "t4")["checkpoint_step"] >= 3


def test_a_cancelled_training_is_resumed_from_its_checkpoint(
    host: Host, jobs: Jobs, settings: Settings
) -> None:
    thread = host.start(host.trainings, asked(jobs, "t5", num_epochs=6))
    until(lambda: job_of(jobs, "t5").progress.get("step", 0) > 3)
    jobs.cancel("t5", "UADMIN")
    thread.join(SECONDS)
    reached = final(jobs, "t5")["checkpoint_step"]
    jobs.create("again", "train", destination={}, asked={"text": ""})
    jobs.enqueue("again", {"training": "t5", "resume": True, "options": {"output": "learned"}})

    host.trainings.run("again")

    assert job_of(jobs, "again").state == "finished"
    assert job_of(jobs, "again").progress["resumed_step"] == reached
    host.trainings.run(asked(jobs, "whole", num_epochs=6, output="whole"))
    one, two = (
        load_file(settings.home / "adapters" / name / "adapter_model.safetensors")
        for name in ("learned", "whole")
    )
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_stopped_training_whose_rows_were_removed_says_by_whom_and_keeps_nothing_of_them(
    host: Host, jobs: Jobs, settings: Settings
) -> None:
    feedback, word = Feedback(jobs.redis), "himitsu"
    secret = {"output": word, "instruction": f"{word}?"}
    rows = [proposed(str(number)) for number in range(5)] + [proposed("secret", **secret)]
    for row in [*rows, proposed("bobs", author="UBOB", rejected=word)]:
        assert feedback.propose(row)
    feedback.approve([row.id for row in feedback.rows()], ADMIN)
    thread = host.start(host.trainings, asked(jobs, "t", data="feedback", keep=0, num_epochs=500))
    until(lambda: job_of(jobs, "t").progress.get("step", 0) > 3)
    jobs.cancel("t", ADMIN)
    thread.join(SECONDS)
    training = Training(settings.home / "trainings" / "t")
    assert training.checkpoints()
    (stopped,) = resumable(settings, jobs)
    last_worked_on = training.folder.stat().st_mtime_ns

    remove(jobs, ["secret"], settings.home, ADMIN)
    forget(jobs, "UBOB", "UBOB", settings.home)

    (given_up,) = resumable(settings, jobs)
    assert given_up == replace(stopped, step=0, removed=RemovedRows(2, ADMIN))
    files = [file for file in training.folder.rglob("*") if file.is_file()]
    assert not [file.name for file in files if word.encode() in file.read_bytes()]
    assert not training.checkpoints()
    assert training.folder.stat().st_mtime_ns == last_worked_on
    jobs.create("again", "train", destination={}, asked={"text": ""})
    jobs.enqueue("again", {"training": "t", "resume": True, "options": {"output": "learned"}})
    host.trainings.run("again")
    assert final(jobs, "again") == {"reason": "rows_removed", "rows": 2, "by": ADMIN}
    with pytest.raises(RowsRemoved, match=f"cannot be resumed: {ADMIN} removed 2 of the rows"):
        start.resume(settings.home, None, listener=events.silent)


def test_a_child_killed_by_somebody_is_continued_by_the_next_attempt(
    host: Host, jobs: Jobs
) -> None:
    thread = host.start(host.trainings, asked(jobs, "t6", num_epochs=4))
    until(lambda: job_of(jobs, "t6").progress.get("step", 0) > 3)
    os.kill(child_of(jobs, "t6"), signal.SIGKILL)
    thread.join(SECONDS)
    assert job_of(jobs, "t6").state in ("running", "queued")
    until(lambda: job_of(jobs, "t6").state == "queued")

    host.trainings.run("t6")

    assert job_of(jobs, "t6").state == "finished"
    assert job_of(jobs, "t6").attempt == 2


def test_a_stopping_worker_gives_its_training_back_with_a_checkpoint(
    host: Host, jobs: Jobs
) -> None:
    thread = host.start(host.trainings, asked(jobs, "t7", num_epochs=500))
    until(lambda: job_of(jobs, "t7").progress.get("step", 0) > 3)

    host.running.drain()
    thread.join(SECONDS)

    job = job_of(jobs, "t7")
    assert (job.state, job.lost, host.published) == ("queued", 0, ["t7"])
    assert job.progress["checkpoint_step"] >= 3


def test_an_adapter_that_was_written_is_reported_and_not_written_twice(
    host: Host, jobs: Jobs, settings: Settings
) -> None:
    host.trainings.run(asked(jobs, "t8"))
    jobs.create("again", "train", destination={}, asked={"text": ""})
    jobs.enqueue("again", {"training": "t8", "resume": False, "options": {"output": "learned"}})

    host.trainings.run("again")

    assert job_of(jobs, "again").state == "finished"
    assert final(jobs, "again")["output"] == "learned"
    assert [path.name for path in (settings.home / "adapters").iterdir()] == ["learned"]


class LateProcess:
    """A trainer process that has just written its adapter when it is told to stop."""

    home: Path
    pid, paused, stopped = 1, False, True

    def __init__(self, arguments: list[str]) -> None:
        training = Training(self.home / "trainings" / arguments[-1].removeprefix("--training-id="))
        training.folder.mkdir(parents=True)
        adapter = write_adapter(self.home / "adapters" / "learned", training=training.id)
        training.write_result("finished", {"output": str(adapter)})
        self._events = [{"event": "interrupted", "training": training.id, "reason": "TERM"}]

    def exit_code(self) -> int | None:
        return 75 if self.stopped and not self._events else None

    def next_event(self, seconds: float) -> dict[str, Any] | None:
        time.sleep(0 if self.stopped else seconds)
        return self._events.pop() if self.stopped and self._events else None

    def set_paused(self, paused: bool) -> None: ...

    def stop(self) -> None:
        self.stopped = True

    def kill(self) -> None: ...


def test_a_cancellation_after_the_adapter_was_written_comes_too_late(
    host: Host, jobs: Jobs, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LateProcess, "home", settings.home, raising=False)
    monkeypatch.setattr("tasks.queues.training.TrainerProcess", LateProcess)
    monkeypatch.setattr(LateProcess, "stopped", False)
    id = asked(jobs, "late")
    thread = host.start(host.trainings, id)
    until(lambda: job_of(jobs, id).state == "running")

    jobs.cancel(id, "UADMIN")
    thread.join(SECONDS)

    assert job_of(jobs, id).state == "finished"
    assert final(jobs, id)["output"] == "learned"


def test_the_time_a_training_took_is_that_of_all_its_attempts(
    host: Host, jobs: Jobs, redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LateProcess, "home", settings.home, raising=False)
    monkeypatch.setattr("tasks.queues.training.TrainerProcess", LateProcess)
    id = asked(jobs, "long")
    redis.hset(f"swallow:job:{id}", "begun", str(int(1000 * time.time()) - 7_200_000))

    host.trainings.run(id)

    assert 7_200 <= final(jobs, id)["seconds"] < 7_260


def test_a_broker_that_refuses_to_note_progress_does_not_stop_the_training(
    host: Host, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> bool:
        raise ResponseError("MISCONF Errors writing to the AOF file: No space left on device")

    monkeypatch.setattr(jobs, "record_progress", refuse)

    host.trainings.run(asked(jobs, "full"))

    assert job_of(jobs, "full").state == "finished"


def test_a_child_dies_with_the_process_that_started_it(tmp_path: Path, settings: Settings) -> None:
    reader, writer = os.pipe()
    if not (parent := os.fork()):
        child = TrainerProcess([f"--home={settings.home}", "--progress=json", "--plan", "--json"])
        child.next_event(60)
        child.set_paused(True)
        os.write(writer, str(child.pid).encode())
        time.sleep(60)
    pid = int(os.read(reader, 20))
    time.sleep(1)

    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)

    until(lambda: not Path(f"/proc/{pid}").exists() or state_of_process(pid) == "Z")
