"""The task of queue `answers`: a job's question goes to the engine, its text to the job's stream.

How a job is claimed, kept alive, cancelled and returned to the queue is the concern of
`tasks.attempts`. This module knows no Slack and no Celery.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tasks.adapters.reference import adapter_name
from tasks.adapters.registry import Registry
from tasks.asking.material import input_of
from tasks.attempts.attempt import Attempt
from tasks.attempts.runner import JobRunner
from tasks.attempts.running import RunningAttempts
from tasks.broker.counters import note_first_text
from tasks.broker.host_busy import mark_busy
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.engines.protocol import Answer, Engine, Question
from tasks.errors import EngineFailed
from tasks.queues.answer_text import AnswerText, Thinks
from tasks.queues.engine_check import EngineCheck
from tasks.queues.summaries import Fitted, fit
from tasks.queues.unusable_adapters import UnusableAdapters
from tasks.settings import Settings
from trainer.errors import AdapterRefused, InstructionTooLong, NotWritable, TrainerError
from trainer.prompts.templates import Turn

log = logging.getLogger(__name__)

THINKING_SHARE = 0.75
"""The part of an answer's time after which its thought is concluded: the rest is for the answer."""

NEWEST_SHARE = 0.3
"""The weight of the newest answer in how long answers take of late."""

VARIED_TEMPERATURE = 0.7
VARIED_TOP_P = 0.95
"""How another answer is drawn where the model is otherwise asked for its likeliest one."""


class Answers:
    """Answers the jobs of one worker with its engine, and keeps the numbers that `status` shows."""

    def __init__(
        self, engine: Engine, jobs: Jobs, running: RunningAttempts, settings: Settings, worker: str
    ) -> None:
        self.engine = engine
        self.jobs = jobs
        self.settings = settings
        self.registry = Registry(settings, jobs.redis)
        self.unusable = UnusableAdapters(engine.model, self.registry, jobs)
        self.runner = JobRunner(
            "answer",
            self._take,
            accepts=self.unusable.accepts,
            jobs=jobs,
            running=running,
            worker=worker,
            deadline_seconds=settings.answer_seconds,
        )
        self.check = EngineCheck(engine, running.admission)
        self.answered = 0
        self.tokens_per_second: float | None = None
        self.answer_seconds: float | None = None
        self._lock = threading.Lock()

    def _take(self, attempt: Attempt, job: Job) -> None:
        # Before the engine begins, so that a running training is paused at once.
        mark_busy(self.jobs.redis)
        try:
            question = self._question(job.request, job.adapter)
            if question.begun and job.request.get("model") != self.engine.model:
                self.runner.end(attempt, "failed", {"reason": "model_changed"})
                return
            self._answer(attempt, question, job)
        except (AdapterRefused, NotWritable) as error:
            # No text was written, and other workers may be able to use it.
            log.warning("job %s: %s", job.id, error)
            self.unusable.add(job.adapter, error)
            self.runner.requeue(attempt)

    def _answer(self, attempt: Attempt, question: Question, job: Job) -> None:
        """Answer with the engine; a conversation that is too long is summarised in parts before.

        Raises:
            AdapterRefused: the engine cannot use the adapter; no text was written.
        """
        text = AnswerText(self.jobs, attempt)
        noted = False

        def on_text(piece: str) -> None:
            nonlocal noted
            text.add(piece)
            if not noted and attempt.reason != "lost":
                note_first_text(self.jobs, attempt.job)
                noted = True

        started = time.monotonic()
        try:
            fitted = fit(self.engine, self.jobs, attempt, question, job.request)
            if fitted.interrupted:
                answer = fitted.parts[-1]
            else:
                most = THINKING_SHARE * self.settings.answer_seconds
                thinks = Thinks(self.jobs, attempt, most)
                answer = self.engine.answer(
                    fitted.question, on_text, attempt.should_stop, thinks.tell
                )
        except AdapterRefused:
            raise
        except TrainerError as error:
            self.runner.end(attempt, "failed", _failure(error, question))
            return
        except EngineFailed as error:
            log.warning("job %s: %s", attempt.job, error)
            self.check.begin()
            self._start_over(attempt)
            return
        self._note_speed(answer)
        log.info(
            "job %s: %d tokens in %.1f s (%s)",
            attempt.job,
            answer.tokens,
            time.monotonic() - started,
            attempt.reason or answer.finish,
        )
        self._end_attempt(attempt, answer, adapter_name(job.adapter), fitted)

    def _start_over(self, attempt: Attempt) -> None:
        """Give up an attempt whose generating process died, unless it was to end anyway."""
        if attempt.reason == "cancelled":
            self.runner.end(attempt, "cancelled", {})
        elif attempt.reason == "draining":
            self.runner.requeue(attempt)
        else:  # counted as lost, like the attempt of a worker that died
            self.jobs.expire_lease(attempt.job, attempt.number)

    def _end_attempt(self, attempt: Attempt, answer: Answer, adapter: str, fitted: Fitted) -> None:
        if attempt.reason == "draining" and answer.finish == "interrupted":
            self.runner.requeue(attempt)
        elif attempt.reason != "lost":
            result = asdict(answer) | {
                "adapter": adapter,
                "model": self.engine.model,
                "tokens_per_second": answer.tokens_per_second,
            }
            del result["prompt"]
            if attempt.reason == "deadline":
                result["finish"] = "deadline"
            if result["finish"] not in ("length", "deadline") or fitted.parts:
                del result["ids"]  # only such an answer can go on
            result |= fitted.added_to(answer)
            self.runner.end(
                attempt, "cancelled" if attempt.reason == "cancelled" else "finished", result
            )

    def _question(self, request: Mapping[str, Any], adapter: str) -> Question:
        settings = self.settings
        sampling = self.engine.sampling.changed(
            max_new_tokens=request.get("max_new_tokens", settings.max_new_tokens),
            temperature=request.get("temperature", settings.temperature),
            top_p=settings.top_p,
            top_k=settings.top_k,
            seed=request.get("seed"),
        )
        if request.get("vary") and sampling.temperature == 0:
            sampling = sampling.changed(temperature=VARIED_TEMPERATURE, top_p=VARIED_TOP_P)
        return Question(
            instruction=request["instruction"],
            input=input_of(request),
            thread=[Turn(turn["role"], turn["text"]) for turn in request.get("thread", [])],
            sampling=sampling,
            thinking=request.get("thinking", settings.thinking),
            standing=request.get("standing", ""),
            adapter=self.registry.resolve(adapter) if adapter else None,
            begun=request.get("begun", ()),
        )

    def _note_speed(self, answer: Answer) -> None:
        with self._lock:
            self.answered += 1
            self.tokens_per_second = answer.tokens_per_second or self.tokens_per_second
            before = answer.seconds if self.answer_seconds is None else self.answer_seconds
            self.answer_seconds = before + NEWEST_SHARE * (answer.seconds - before)


def _failure(error: TrainerError, question: Question) -> dict[str, Any]:
    """Return the fields of the job's `failed` event."""
    if isinstance(error, InstructionTooLong) and question.begun:
        return {"reason": "no_room"}
    if isinstance(error, InstructionTooLong):
        return {"reason": "too_long", "tokens": error.tokens, "limit": error.limit}
    return {"reason": "internal", "detail": str(error)}
