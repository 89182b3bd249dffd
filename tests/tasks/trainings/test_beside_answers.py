"""A training in a terminal is paused and continued by its parent process."""

import signal
import subprocess
import sys
import time

SUPERVISED = """
import os, signal, sys, time
from tasks.trainings.beside_answers import STOPS, _until_end

signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
child = os.fork()
if not child:
    time.sleep(2)
    os._exit(7)
print("begun", flush=True)
sys.exit(_until_end(child, lambda: False))
"""


def test_a_parent_that_was_stopped_and_continued_goes_on() -> None:
    command = [sys.executable, "-c", SUPERVISED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == b"begun\n"
        for _ in range(4):
            parent.send_signal(signal.SIGSTOP)
            time.sleep(0.15)  # longer than it waits for a signal
            parent.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        assert (parent.wait(30), parent.stderr and parent.stderr.read()) == (7, b"")
