"""Metrics of the workers' announcements, and the adapter in use."""

from collections import Counter
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from redis import Redis

from tasks.adapters.reference import adapter_name
from tasks.broker.jobs import ADAPTER
from tasks.broker.workers import Workers

_STATES = ("loading", "ready", "draining", "failed")


def worker_metrics(redis: Redis) -> Iterator[Metric]:
    """Yield the metrics of every worker in the register."""
    workers = Workers(redis).all()
    states = Counter(str(worker.state) for worker in workers)
    by_state = GaugeMetricFamily("swallow_workers", "Workers in the register.", labels=["state"])
    for state in _STATES:
        by_state.add_metric([state], states[state])
    yield by_state
    running = GaugeMetricFamily(
        "swallow_worker_running_answers",
        "Answers that a worker generates together.",
        labels=["worker"],
    )
    speed = GaugeMetricFamily(
        "swallow_worker_tokens_per_second", "Speed of its last answer.", labels=["worker"]
    )
    for worker in workers:
        if "answers" in worker.queues:
            running.add_metric([worker.name], worker.running)
            if worker.tokens_per_second is not None:
                speed.add_metric([worker.name], worker.tokens_per_second)
    yield from (running, speed)
    adapter = GaugeMetricFamily(
        "swallow_adapter_info",
        "The adapter that new questions are answered with, if any.",
        labels=["adapter"],
    )
    if name := adapter_name(str(redis.get(ADAPTER) or "")):
        adapter.add_metric([name], 1)
    yield adapter
