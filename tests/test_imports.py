"""What importing a package must not bring along."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "transformers", "openvino", "peft")


@pytest.mark.parametrize(
    "module",
    [
        "bot.app",
        "bot.__main__",
        "bot.workspace.__main__",
        "tasks.cli",
        "tasks.broker.celery_app",
        "tasks.supervisor.up",
    ],
)
def test_the_module_brings_no_model_library(module: str) -> None:
    code = f"import sys, {module}; print(sorted(set(sys.modules) & set({HEAVY!r})))"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_help_imports_neither_celery_nor_settings() -> None:
    code = "import sys, tasks.cli; print(sorted({'celery', 'pydantic', 'rich'} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_openvino_reports_nothing_to_anybody(tmp_path: Path) -> None:
    """OpenVINO's telemetry writes a client's id into the home folder and sends it to its makers.

    It does neither where it finds the variables of a CI, so that they are removed here.
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "JENKINS_URL")}
    script = "import tasks.engines.openvino.convert.graph, openvino_genai, openvino.tools.ovc"
    subprocess.run(
        [sys.executable, "-c", script],
        env=environment | {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])},
        check=True,
    )

    assert not list(tmp_path.iterdir())
