"""A process with the death signal set is killed when its parent is."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CHILD = """
import os, sys, time
from trainer.process.parent_death import end_with

end_with(int(sys.argv[1]))
print("ready", flush=True)
time.sleep(60)
"""
PARENT = f"""
import os, subprocess, sys, time
from trainer.process.parent_death import kill_with_parent

if sys.argv[1] == "before exec":
    command = ["sh", "-c", "echo ready; exec sleep 60"]
    subprocess.Popen(command, preexec_fn=kill_with_parent)
else:
    subprocess.Popen([sys.executable, "-c", {CHILD!r}, str(os.getpid())])
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
@pytest.mark.parametrize("how", ["before exec", "by itself"])
def test_a_child_dies_with_its_killed_parent(how: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, how], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"

        parent.kill()

        # The child has the pipe open too: it ends when both are gone.
        assert parent.communicate(timeout=20)[0] == ""
