"""The dashboard in deploy/ asks only for metrics that an endpoint has."""

import json
import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.tasks.metrics.conftest import text_at

DEPLOY = Path(__file__).parents[3] / "deploy"


def test_every_query_of_the_dashboard_names_metrics_that_are_there(endpoint: int) -> None:
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"swallow_\w+", target["expr"])
    }

    # A family without samples, as that of trainings where none runs, is announced all the same.
    there = set()
    for family in text_string_to_metric_families(text_at(endpoint)):
        there |= {family.name, f"{family.name}_total", f"{family.name}_bucket"}
    assert asked <= there
    assert len(asked) > 15
