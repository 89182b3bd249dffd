"""Celery: queues, jobs, the engines that generate text, adapters, the `swallow` command.

Knows nothing of Slack.
"""

import sys

# Importing OpenVINO tells Google Analytics so, unless its package for that is missing. What people
# do here stays here: for this process it is.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
