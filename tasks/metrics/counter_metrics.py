"""Metrics of the counters in the broker: they cover every host and outlive every process."""

from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from redis import Redis

from tasks.broker.counters import FIRST_TEXT_BOUNDS, counted
from tasks.broker.job import ENDINGS, KINDS


def counter_metrics(redis: Redis) -> Iterator[Metric]:
    """Yield what has been counted since this broker has its data."""
    counts = counted(redis)
    yield _by("outcome", "swallow_questions", "Questions that have ended.", "ended:answer:", counts)
    yield _by("outcome", "swallow_trainings", "Trainings that have ended.", "ended:train:", counts)
    yield _by(
        "kind",
        "swallow_leases_lost",
        "Leases that expired before their job ended.",
        "lost:",
        counts,
    )
    yield _by(
        "kind",
        "swallow_undelivered",
        "Final messages that Slack took nowhere.",
        "undelivered:",
        counts,
    )
    tokens = CounterMetricFamily(
        "swallow_generated_tokens", "Tokens of the answers that have ended."
    )
    tokens.add_metric([], counts.get("tokens", 0))
    yield tokens
    yield _first_text(counts)
    yield _by("method", "swallow_slack_calls", "Calls of Slack's Web API.", "calls:", counts)
    yield _by(
        "method", "swallow_slack_retries", "Calls that had to be repeated.", "retries:", counts
    )


_ALWAYS = {"ended:answer:": ENDINGS, "ended:train:": ENDINGS, "lost:": KINDS, "undelivered:": KINDS}
"""Label values that are shown before they were counted: a rate needs the 0 it began with."""


def _by(label: str, name: str, help: str, prefix: str, counts: dict[str, int]) -> Metric:
    family = CounterMetricFamily(name, help, labels=[label])
    found = [key.removeprefix(prefix) for key in counts if key.startswith(prefix)]
    for value in sorted({*found, *_ALWAYS.get(prefix, ())}):
        family.add_metric([value], counts.get(prefix + value, 0))
    return family


def _first_text(counts: dict[str, int]) -> Metric:
    total = 0
    buckets = []
    for bound in (*FIRST_TEXT_BOUNDS, "inf"):
        total += counts.get(f"first_text:{bound}", 0)
        buckets.append((str(float(bound)) if bound != "inf" else "+Inf", total))
    return HistogramMetricFamily(
        "swallow_first_text_seconds",
        "Time from a question to the first text of its answer.",
        buckets=buckets,
        sum_value=counts.get("first_text_ms", 0) / 1000,
    )
