"""Celery: queues, jobs, the engines that generate text, adapters, the `swallow` command.

Knows nothing of Slack.
"""

import sys

# OpenVINO reports each import of itself to Google Analytics through the package openvino_telemetry.
# None in its place makes importing that package fail, and OpenVINO then reports nothing.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
