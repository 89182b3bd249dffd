"""The text of one attempt on its way into the job's stream, each piece with its place in the text;
and that the model thinks before there is any.

The broker adds a piece only where it goes on from what the stream has. So a piece whose reply was
lost is not added twice, and what a broker forgot in a crash is written again before the next piece.
"""

import time

from tasks.attempts.attempt import Attempt
from tasks.broker.jobs import Jobs


class AnswerText:
    """Writes the text of `attempt`."""

    def __init__(self, jobs: Jobs, attempt: Attempt) -> None:
        self._jobs = jobs
        self._attempt = attempt
        self._text = ""
        self._written = 0

    def add(self, piece: str) -> None:
        """Add a piece; the attempt is stopped where it no longer holds the job."""
        self._text += piece
        while self._written < len(self._text):
            written = self._jobs.append(
                self._attempt.job,
                self._attempt.number,
                "text",
                {"text": self._text[self._written :]},
                at=self._written,
            )
            if written is None:
                self._attempt.stop("lost")
                return
            self._written = written


class Thinks:
    """Writes, once, that the model has begun to think: how long it takes is told by the clock.

    A thought may take `seconds` from now, so that there is time left for the answer.
    """

    def __init__(self, jobs: Jobs, attempt: Attempt, seconds: float) -> None:
        self._jobs = jobs
        self._attempt = attempt
        self._end = time.monotonic() + seconds
        self._told = False

    def tell(self) -> bool:
        """Note that the model thinks, and return whether it has thought too long."""
        if not self._told:
            self._told = True
            if self._jobs.append(self._attempt.job, self._attempt.number, "thinking", {}) is None:
                self._attempt.stop("lost")
        return time.monotonic() > self._end
