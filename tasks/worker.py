"""The worker process: registers itself, loads the model once, then serves its queues."""

import logging
import secrets
import socket
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_ready, worker_shutting_down

from tasks.attempts.heartbeat import Heartbeat
from tasks.attempts.running import RunningAttempts
from tasks.broker.celery_app import ROUTES, app, queue_of
from tasks.broker.connection import jobs_of, reachable
from tasks.broker.disk.flush import log_weakness
from tasks.broker.workers import Worker, Workers
from tasks.errors import TaskError
from tasks.feedback.removal import HomeSweep
from tasks.home_id import home_id
from tasks.queues.celery_tasks import serve
from tasks.queues.plans import Plans
from tasks.queues.training import Trainings
from tasks.settings import Settings
from trainer.errors import ModelMissing, TrainerError

if TYPE_CHECKING:
    from tasks.queues.answers import Answers
    from tasks.queues.engine_check import EngineCheck

log = logging.getLogger(__name__)

MESSAGE_POLL_SECONDS = 0.02
"""How often Celery's event loop turns, and so how soon a free thread takes the next message, and
how soon a worker that takes no more jobs of a kind stops taking their messages."""


class WorkerProcess:
    """One worker on some queues; only one that serves `answers` loads a model."""

    def __init__(
        self,
        settings: Settings,
        queues: tuple[str, ...],
        name: str | None = None,
        run: str | None = None,
    ) -> None:
        self.settings = settings
        self.jobs = jobs_of(settings)
        self.running = RunningAttempts(drain_seconds=settings.drain_seconds)
        self._again = run is not None
        name = name or f"{queues[0]}@{socket.gethostname()}"
        # Unique whatever hosts and containers are called: a worker that took another's jobs for
        # those of its dead predecessor would have them answered twice.
        unique = f"{name}.{run or secrets.token_hex(4)}"
        self.worker = Worker(unique, queues, home=home_id(settings.home))
        self.answers: Answers | None = None
        # The heartbeat must not wait for the broker longer than a lease lasts.
        heartbeat_jobs = jobs_of(settings, patience=1)
        self._heartbeat = Heartbeat(
            heartbeat_jobs, Workers(heartbeat_jobs.redis), self.running, self._report
        )

    def run(self) -> int:
        """Serve until told to stop; returns the exit code.

        Raises:
            BrokerAway: the broker does not answer at the start.
        """
        with reachable(self.settings):
            self.jobs.redis.ping()
            self._announce(self.worker)
        log_weakness(self.jobs.redis)
        self._heartbeat.start()
        try:
            if self._again:  # whoever had this name is dead: `swallow up` has seen its end
                self.jobs.expire_worker_leases(self.worker.name)
            self._prepare()
            self._serve()
        except (TrainerError, TaskError) as error:
            self._give_up(error)
            return 1
        finally:
            self._heartbeat.end()
        return 0

    def _prepare(self) -> None:
        """Prepare what each queue needs; only `answers` needs a model in this process."""
        common = (self.jobs, self.running, self.settings, self.worker.name)
        if "answers" in self.worker.queues:
            self._load()
        if "plans" in self.worker.queues:
            serve(Plans(*common).runner)
        if "training" in self.worker.queues:
            HomeSweep(self.jobs.redis, self.settings.home).start()
            serve(Trainings(*common).runner)

    def _load(self) -> None:
        from tasks.engines.choose import load_engine
        from tasks.queues.answers import Answers

        log.info("loading the model %s", self.settings.model or "(default)")
        engine = load_engine(self.settings)
        log.info("loaded %s in the %s engine", engine.model, engine.name)
        self.worker = replace(
            self.worker, model=engine.model, engine=engine.name, precision=engine.precision
        )
        self.answers = Answers(engine, self.jobs, self.running, self.settings, self.worker.name)
        serve(self.answers.runner)

    def _serve(self) -> None:
        # Celery warns a worker that runs as root of pickle; this one accepts JSON only.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        setup_logging.connect(_keep_logging)
        worker_ready.connect(self._on_ready)
        worker_shutting_down.connect(self._on_shutting_down)
        app.Worker(
            hostname=self.worker.name,
            queues=[*self.worker.queues, *self._queues_of_model()],
            pool="threads",
            concurrency=self.answers.engine.parallel if self.answers else 1,
            loglevel="WARNING",
            without_mingle=True,
            without_gossip=True,
            # Nobody reads Celery's heartbeat, and its event loop takes no message while kombu tries
            # again to send one to a broker that is away; ours is a thread of its own.
            without_heartbeat=True,
            quiet=True,
        ).start()

    def _queues_of_model(self) -> list[str]:
        """Return the queue of the questions that only workers with this one's model can answer."""
        return [queue_of("answer", self.worker.model)] if self.worker.model else []

    def _on_ready(self, sender: Any, **_: object) -> None:
        # Celery's pool of threads does not wake the event loop when a task ends: without this timer
        # the next message would wait for Celery's own, which fires once a second.
        sender.hub.call_repeatedly(MESSAGE_POLL_SECONDS, self._choose_queues, sender)
        self.worker = replace(self.worker, state="ready")
        self._announce(self._report())
        log.info("ready on %s", ", ".join(self.worker.queues))

    def _choose_queues(self, consumer: Any) -> None:
        """Take messages only from the queues whose jobs may begin; called in the event loop."""
        if self.running.draining or consumer.task_consumer is None:
            return
        queues = [(kind, queue) for kind, (_, queue) in ROUTES.items()]
        own = [(kind, queue) for kind, queue in queues if queue in self.worker.queues]
        for kind, queue in [*own, *(("answer", queue) for queue in self._queues_of_model())]:
            taking = consumer.task_consumer.consuming_from(queue)
            if self.running.admission.takes(kind) and not taking:
                consumer.add_task_queue(queue)
            elif taking and not self.running.admission.takes(kind):
                consumer.cancel_task_queue(queue)

    def _on_shutting_down(self, **_: object) -> None:
        if self.running.all():
            log.info("stopping; answers have %g s to finish", self.settings.drain_seconds)
        self.worker = replace(self.worker, state="draining")
        self.running.drain()

    def _give_up(self, error: Exception) -> None:
        reason = "model_missing" if isinstance(error, ModelMissing) else "setting"
        self.worker = replace(self.worker, state="failed", reason=reason, detail=str(error))
        self._announce(self.worker)
        sys.stderr.write(f"swallow: {error}\n")

    def _report(self) -> Worker:
        if self.answers is None:
            return self.worker
        return replace(
            self._checked(self.answers.check),
            running=len(self.running.all()),
            answered=self.answers.answered,
            tokens_per_second=self.answers.tokens_per_second,
            parallel=self.answers.engine.parallel,
            answer_seconds=self.answers.answer_seconds,
            refused=self.answers.unusable.sentences,
        )

    def _checked(self, check: "EngineCheck") -> Worker:
        """Return what the worker is, apart from its numbers, while its engine is asked anew."""
        if self.worker.state != "ready" or not check.checking:
            return self.worker
        if check.problem:
            return replace(self.worker, state="failed", reason="generator", detail=check.problem)
        return replace(self.worker, state="loading")

    def _announce(self, worker: Worker) -> None:
        Workers(self.jobs.redis).announce(worker)


def _keep_logging(**_: object) -> None:
    """Keep Celery from setting up logging, which it does only where this signal has no receiver."""
