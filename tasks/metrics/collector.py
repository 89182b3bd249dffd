"""What a scrape collects. A broker that is away makes `swallow_broker_up` 0 and takes its part of
the metrics along; the rest is there all the same."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from tasks.broker.connection import jobs_of
from tasks.errors import BrokerAway
from tasks.metrics.counter_metrics import counter_metrics
from tasks.metrics.job_metrics import job_metrics
from tasks.metrics.memory import memory_metric
from tasks.metrics.worker_metrics import worker_metrics
from tasks.settings import Settings


class SystemCollector(Collector):
    """Reads everything anew at each scrape; `part` is what this process is called."""

    def __init__(self, settings: Settings, part: str) -> None:
        self._settings = settings
        self._part = part

    def describe(self) -> list[Metric]:
        """Return nothing: registering must not need a broker."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        try:
            known = self._of_broker()
        except (BrokerAway, RedisError):
            known = []
        up = GaugeMetricFamily("swallow_broker_up", "Whether the broker answered this scrape.")
        up.add_metric([], int(bool(known)))
        yield up
        yield from known
        yield memory_metric(self._settings.home, self._part)

    def _of_broker(self) -> list[Metric]:
        # A connection for each scrape, without retries: the broker may have moved to another port,
        # and Prometheus gives up after ten seconds.
        jobs = jobs_of(self._settings, patience=0)
        try:
            return [
                *counter_metrics(jobs.redis),
                *job_metrics(jobs),
                *worker_metrics(jobs.redis),
            ]
        finally:
            jobs.redis.close()
