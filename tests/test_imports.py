"""What importing a package must not bring along."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "transformers", "openvino", "peft")


@pytest.mark.parametrize(
    "module",
    ["bot.app", "bot.__main__", "bot.workspace.__main__", "tasks.cli", "tasks.app", "tasks.up"],
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
