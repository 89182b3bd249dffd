"""Whether the engine works at all: the worker asks it itself after its generating process died.

A question that kills the process must not stop the worker, and a worker whose process dies whatever
it is asked must not take one question after another. So after a death no question is taken until
the engine has answered a fixed one; where that kills it too, several times in a row, the worker has
failed, says why, and tries again once a minute.
"""

import logging
import threading

from tasks.attempts.admission import Admission
from tasks.engines.protocol import Engine, Question, Sampling
from tasks.errors import EngineFailed

log = logging.getLogger(__name__)

QUESTION = Question("Say hello.", sampling=Sampling(max_new_tokens=16), thinking="off")
MAX_DEATHS = 3
"""Deaths in a row, without an answer in between, after which the worker has failed."""
RETRY_SECONDS = 60.0
"""How often a worker that has failed asks its engine again."""


class EngineCheck:
    """The check of one engine, in a thread of its own; `problem` says why the worker has failed."""

    def __init__(self, engine: Engine, admission: Admission) -> None:
        self._engine = engine
        self._admission = admission
        self._lock = threading.Lock()
        self.checking = False
        self.problem = ""

    def begin(self) -> None:
        """Take no questions and begin to check, unless that is under way."""
        with self._lock:
            if self.checking:
                return
            self.checking = True
            self._admission.close("answer")
        threading.Thread(target=self._check, name="engine-check", daemon=True).start()

    def _check(self) -> None:
        deaths = 1
        while error := self._ask():
            deaths += 1
            if deaths >= MAX_DEATHS:
                self._fail(deaths, error)
                threading.Event().wait(RETRY_SECONDS)
        if self.problem:
            log.info("the engine answers again")
        with self._lock:
            self.checking, self.problem = False, ""
            self._admission.open("answer")

    def _ask(self) -> Exception | None:
        """Ask the engine; returns why it did not answer."""
        try:
            self._engine.answer(QUESTION, lambda text: None, lambda: False)
        except EngineFailed as error:
            return error
        except Exception as error:  # unasked again, the worker would take no question for good
            log.exception("the engine could not be checked")
            return error
        return None

    def _fail(self, deaths: int, error: Exception) -> None:
        if not self.problem:
            log.error("no more questions are taken: %s", error)
        self.problem = (
            f"Its generating process died {deaths} times in a row, even at a fixed short question, "
            "so it takes no more questions; it tries again every minute. Look at its log and at "
            "the memory of this machine."
        )
