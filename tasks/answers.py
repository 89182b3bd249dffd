"""The task of queue `answers`: one job's question goes to the engine, its text to the job's stream.

What else concerns a running answer stands elsewhere: lease and cancellation in `pulse`, reasons to
stop in `running`. This module knows no Slack and no Celery settings.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from celery import Task

from tasks.app import app, publish
from tasks.broker import AWAY
from tasks.engines.protocol import Answer, Engine, Question
from tasks.errors import EngineFailed
from tasks.jobs import Ending, Jobs
from tasks.running import Running, RunningJobs
from tasks.settings import Settings
from trainer.adapters import folder_of
from trainer.errors import AdapterRefused, InstructionTooLong, TrainerError
from trainer.prompts import Turn

log = logging.getLogger(__name__)


class Answers:
    """What a worker needs to answer: the engine, the records, and what runs now."""

    def __init__(
        self, engine: Engine, jobs: Jobs, running: RunningJobs, settings: Settings, worker: str
    ) -> None:
        self.engine = engine
        self.jobs = jobs
        self.running = running
        self.settings = settings
        self.worker = worker
        self.answered = 0
        self.tokens_per_second: float | None = None
        self._lock = threading.Lock()

    def run(self, id: str) -> None:
        """Answer a job, if it is still queued; a message for any other state is dropped."""
        if self.running.draining:
            publish(id, "answer", first=True)
            return
        attempt = self.jobs.claim(id, self.worker)
        job = self.jobs.get(id)
        if attempt is None or job is None:
            return
        running = Running(id, attempt, deadline_seconds=self.settings.answer_seconds)
        self.running.add(running)
        try:
            self._answer(running, self._question(job.request, job.adapter), job.adapter)
        except AWAY:
            # The lease runs out and the next worker begins again.
            log.warning("job %s: the broker went away in the middle of the answer", id)
        finally:
            self.running.remove(running)

    def fail(self, id: str) -> None:
        """End a running job after an unexpected error."""
        job = self.jobs.get(id)
        if job is not None and job.state == "running" and job.worker == self.worker:
            self.jobs.finish(id, job.attempt, "failed", {"reason": "internal"})

    def _answer(self, running: Running, question: Question, adapter: str) -> None:
        def on_text(text: str) -> None:
            if not self.jobs.append(running.job, running.attempt, "text", {"text": text}):
                running.stop("lost")

        started = time.monotonic()
        try:
            answer = self.engine.answer(question, on_text, running.should_stop)
        except (TrainerError, EngineFailed) as error:
            self._end(running, "failed", _why(error))
            return
        self._note_speed(answer)
        log.info(
            "job %s: %d tokens in %.1f s (%s)",
            running.job,
            answer.tokens,
            time.monotonic() - started,
            running.reason or answer.finish,
        )
        self._close(running, answer, adapter)

    def _close(self, running: Running, answer: Answer, adapter: str) -> None:
        if running.reason == "draining" and answer.finish == "interrupted":
            if self.jobs.give_back(running.job, running.attempt):
                publish(running.job, "answer", first=True)
        elif running.reason != "lost":
            facts = asdict(answer) | {"adapter": adapter, "model": self.engine.model}
            del facts["prompt"]
            if running.reason == "deadline":
                facts["finish"] = "deadline"
            self._end(running, "cancelled" if running.reason == "cancelled" else "finished", facts)

    def _end(self, running: Running, ending: Ending, data: Mapping[str, Any]) -> None:
        if not self.jobs.finish(running.job, running.attempt, ending, data):
            log.info("job %s: attempt %d no longer held it", running.job, running.attempt)

    def _question(self, request: Mapping[str, Any], adapter: str) -> Question:
        settings = self.settings
        sampling = self.engine.sampling.but(
            max_new_tokens=request.get("max_new_tokens", settings.max_new_tokens),
            temperature=settings.temperature,
            top_p=settings.top_p,
            seed=request.get("seed"),
        )
        return Question(
            instruction=request["instruction"],
            input=request.get("input", ""),
            thread=[Turn(turn["role"], turn["text"]) for turn in request.get("thread", [])],
            sampling=sampling,
            adapter=folder_of(adapter, settings.home) if adapter else None,
        )

    def _note_speed(self, answer: Answer) -> None:
        decoding = answer.seconds - answer.first_token_seconds
        with self._lock:
            self.answered += 1
            if answer.tokens > 1 and decoding > 0:
                self.tokens_per_second = (answer.tokens - 1) / decoding


def _why(error: TrainerError | EngineFailed) -> dict[str, Any]:
    if isinstance(error, InstructionTooLong):
        return {"reason": "too_long", "tokens": error.tokens, "limit": error.limit}
    reason = "adapter" if isinstance(error, AdapterRefused) else "internal"
    return {"reason": reason, "detail": str(error)}


_this: Answers | None = None


def serve(answers: Answers) -> None:
    """Let this process's task use `answers`."""
    global _this
    _this = answers


class _AnswerTask(Task):  # type: ignore[misc]  # Celery has no types
    """The one place where an unexpected error of an answer ends up."""

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        log.error("job %s failed unexpectedly", args[0], exc_info=exc)
        if _this is not None:
            _this.fail(args[0])


@app.task(name="answers.run", base=_AnswerTask)  # type: ignore[untyped-decorator]
def run(id: str) -> None:
    """Answer the job `id`."""
    if _this is None:
        raise RuntimeError("this worker has no engine")
    _this.run(id)
