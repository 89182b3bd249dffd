"""The command line imports torch only when a training starts."""

import subprocess
import sys
from pathlib import Path


def test_the_command_is_imported_without_torch() -> None:
    code = (
        "import sys, trainer.command; print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True
    )

    assert done.stdout.split() == ["False", "False"]
