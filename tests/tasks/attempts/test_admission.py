"""Jobs that begin side by side, and one that runs alone."""

import threading

from tasks.attempts.admission import Admission
from tests.patience import SECONDS


class Inside:
    """A job in a thread: says when it has begun or was turned away, and stays until told to go."""

    def __init__(self, admission: Admission, *, alone: bool = False) -> None:
        self.asked = threading.Event()
        self.decided = threading.Event()
        self.go = threading.Event()
        self.began = False
        self.wanted = True
        self._place = admission.place("answer", alone=alone, wanted=self._is_wanted)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _is_wanted(self) -> bool:
        self.asked.set()
        return self.wanted

    def _run(self) -> None:
        with self._place as self.began:
            self.decided.set()
            self.go.wait(SECONDS)

    def decide(self) -> bool:
        assert self.decided.wait(SECONDS)
        return self.began

    def leave(self) -> None:
        self.go.set()
        self.thread.join(SECONDS)


def test_jobs_begin_side_by_side() -> None:
    admission = Admission()
    jobs = [Inside(admission) for _ in range(8)]

    assert all(job.decide() for job in jobs)


def test_a_suspect_waits_for_what_runs_and_holds_the_others_back() -> None:
    admission = Admission()
    running = Inside(admission)
    assert running.decide()
    suspect = Inside(admission, alone=True)
    assert suspect.asked.wait(SECONDS)

    assert not admission.takes("answer")
    assert not Inside(admission).decide()
    assert not Inside(admission, alone=True).decide(), "suspects do not wait for each other"
    assert not suspect.decided.is_set()
    running.leave()

    assert suspect.decide()
    assert not Inside(admission).decide()
    suspect.leave()
    assert admission.takes("answer")
    assert Inside(admission).decide()


def test_a_suspect_that_is_not_wanted_any_more_lets_the_others_in() -> None:
    admission = Admission()
    running = Inside(admission)
    assert running.decide()
    suspect = Inside(admission, alone=True)
    assert suspect.asked.wait(SECONDS)

    suspect.wanted = False

    assert not suspect.decide()
    suspect.leave()
    assert Inside(admission).decide()


def test_a_closed_kind_does_not_begin_and_the_others_do() -> None:
    admission = Admission()

    admission.close("answer")

    assert not admission.takes("answer")
    assert admission.takes("plan")
    admission.open("answer")
    assert admission.takes("answer")
