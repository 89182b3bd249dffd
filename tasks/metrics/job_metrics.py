"""Metrics of the jobs that have not ended: queues, and how far trainings are.

Times are by the broker's clock, as the records are.
"""

from collections.abc import Iterator
from typing import Any, cast

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from tasks.broker.job import KINDS, Job, JobState
from tasks.broker.jobs import Jobs

_TRAINING = {
    "step": "Steps that a running training has done.",
    "steps": "Steps that it will have done at its end.",
    "loss": "Its training loss, in nats per token.",
    "validation_loss": "Its loss on held-out rows, in nats per token.",
    "tokens_per_second": "Its speed.",
}


def job_metrics(jobs: Jobs) -> Iterator[Metric]:
    """Yield the metrics of every open job."""
    open_jobs = jobs.open_states()
    trainings = [job for job in jobs.open("train") if job.state == "running"]
    seconds, microseconds = cast(Any, jobs.redis.time())
    now = seconds + microseconds / 1e6
    yield from _queues(open_jobs, now)
    yield from _trainings(trainings, now)


def _queues(open_jobs: list[JobState], now: float) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("swallow_waiting_jobs", "Jobs that wait.", labels=["kind"])
    oldest = GaugeMetricFamily(
        "swallow_oldest_wait_seconds", "Age of the oldest job that waits.", labels=["kind"]
    )
    running = GaugeMetricFamily("swallow_running_jobs", "Jobs that run.", labels=["kind"])
    for kind in KINDS:
        of_kind = [job for job in open_jobs if job.kind == kind]
        waits = [max(0.0, now - job.created / 1000) for job in of_kind if job.state != "running"]
        waiting.add_metric([kind], len(waits))
        oldest.add_metric([kind], max(waits, default=0.0))
        running.add_metric([kind], len(of_kind) - len(waits))
    yield from (waiting, oldest, running)


def _trainings(running: list[Job], now: float) -> Iterator[Metric]:
    for name, help in _TRAINING.items():
        family = GaugeMetricFamily(f"swallow_training_{name}", help, labels=["training"])
        for job in running:
            if (value := job.progress.get(name)) is not None:
                family.add_metric([_name(job)], value)
        yield family
    age = GaugeMetricFamily(
        "swallow_training_checkpoint_age_seconds",
        "Time since its last checkpoint, or since its start: what a kill would lose.",
        labels=["training"],
    )
    for job in running:
        age.add_metric([_name(job)], max(0.0, now - (job.saved or job.begun) / 1000))
    yield age


def _name(job: Job) -> str:
    return str(job.request.get("training", job.id))
