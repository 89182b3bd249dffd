"""A training at the terminal leaves its host's cores to answers, as a worker's training does.

It runs in a child process, which is paused while this host answers. The process that the shell has
started is never paused itself: the shell would take it for one that was sent to the background.
"""

import os
import signal
import sys
from collections.abc import Callable

from redis import Redis

from tasks.broker import connection
from tasks.broker.host_busy import is_busy
from tasks.settings import Settings
from tasks.trainings.pause import PausePolicy
from tasks.trainings.trainer_process import NICENESS
from trainer.process import parent_death

POLL_SECONDS = 0.05
"""How often the host and the child are looked at."""
AWAY_POLLS = 200
"""Looks at the host that are left out after one at which the broker was away: ten seconds."""

STOPS = (signal.SIGINT, signal.SIGTERM)


def continue_in_child(settings: Settings) -> None:
    """Return in a child process that is paused while this host answers; the caller ends as it does.

    Returns in this process where there is nothing to make room for, because this home has no
    broker, and where signals cannot be waited for (not Linux). To be called while the process has
    one thread.

    Raises:
        SettingInvalid: the broker's address cannot be used.
        SystemExit: in the process that called, with the child's exit code.
    """
    if sys.platform != "linux" or not connection.is_known(settings):
        return
    redis = connection.connect(settings, patience=0)  # connects at the first command only
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    child = os.fork()
    if child:
        sys.exit(_until_end(child, _answers(redis)))
    parent_death.end_with(parent)
    os.nice(NICENESS)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)


def _answers(redis: Redis) -> Callable[[], bool]:
    """Return a function that tells whether this host answers now; without a broker it does not."""
    left_out = 0

    def busy() -> bool:
        nonlocal left_out
        left_out -= 1
        if left_out >= 0:
            return False
        try:
            return is_busy(redis)
        except connection.AWAY:
            left_out = AWAY_POLLS
            return False

    return busy


def _until_end(child: int, busy: Callable[[], bool]) -> int:
    """Pause and continue the child until it has ended; returns its exit code as a shell has it."""
    policy = PausePolicy()
    paused = stopping = False
    while True:
        asked = signal.sigtimedwait(STOPS, POLL_SECONDS)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        # Stopped and continued for longer than it waits, CPython 3.11 returns a struct that nothing
        # was written to.
        if asked and asked.si_signo in STOPS:
            stopping = True
            os.kill(child, signal.SIGCONT)  # what is paused handles no other signal
            if asked.si_pid:  # 0 for one from the terminal, which the child has got as well
                os.kill(child, asked.si_signo)
        if stopping:
            continue
        pause = policy.should_pause(busy())
        if pause and not paused and sys.stderr.isatty():
            # In place of the progress bar, which comes back with its next change.
            print("\r\x1b[2KPaused while a question is answered…", end="", file=sys.stderr)
        if pause or paused:
            # Repeated: the shell's `fg` continues the child as well.
            os.kill(child, signal.SIGSTOP if pause else signal.SIGCONT)
        paused = pause
