"""A process that writes much ends as it would, whoever reads what it writes."""

import os
import subprocess
import sys

import pytest

from tests.outputs import OUTPUTS, Output
from tests.patience import SECONDS

MUCH = """
import os, subprocess, sys
from trainer.process import standard_output

standard_output.never_block()
for number in range(20_000):
    print("a line of standard output", number, flush=True)
    sys.stderr.write(f"a line of standard error {number}\\n")
subprocess.run(["sh", "-c", "echo from a child; echo from a child >&2"], check=True)
os.write(3, b"done")
"""
MORE = """
import os
from trainer.process import standard_output

standard_output.never_block()
for _ in range(40):
    print("x" * 1_000_000, flush=True)
os.write(3, b"done")
"""
FEW = """
import os, sys
from trainer.process import standard_output

standard_output.never_block()
standard_output.never_block()
print("one", flush=True)
os.system("echo two; echo three >&2")
print("five")
print("four", file=sys.stderr)
sys.exit({code})
"""


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_process_is_not_held_or_ended_by_what_it_writes(output: Output) -> None:
    with output() as descriptor:
        reader, writer = os.pipe()
        code = f"import os; os.dup2({writer}, 3)\n{MUCH}"
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=descriptor,
            stderr=descriptor,
            pass_fds=[writer],
            timeout=SECONDS,
            check=False,
        )

    assert os.read(reader, 10) == b"done"
    assert done.returncode == 0


def test_a_process_whose_output_is_closed_from_the_start_runs_too() -> None:
    command = f"exec {sys.executable} -c '{FEW.format(code=7)}' >&- 2>&-"

    done = subprocess.run(["sh", "-c", command], timeout=SECONDS, check=False)

    assert done.returncode == 7


def test_all_that_is_written_arrives_before_the_end() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW.format(code=7)],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (7, "one\ntwo\nfive\n", "three\nfour\n")


def test_what_a_slow_reader_missed_is_said() -> None:
    reader, writer = os.pipe()
    code = f"import os; os.dup2({writer}, 3)\n{MORE}"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=[writer],
    ) as process:
        assert process.stdout is not None
        assert os.read(reader, 10) == b"done"

        printed = process.stdout.read()

    assert b"output was dropped here" in printed
