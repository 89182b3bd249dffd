"""Questions of a drill: asked at the local workspace, and every answer checked there.

Answers are greedy, so that each question has one right answer; what it is was learned from the same
system before anything was broken.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tasks.broker.counters import counted
from tests.system.workspace import ENDED, System, Workspace, state_of

_CAPITALS = (
    *("France", "Japan", "Germany", "China", "Canada", "Australia", "Greece", "Cuba", "Peru"),
    *("Mali", "Fiji", "Egypt", "India", "Italy", "Spain", "Kenya", "Chile", "Nepal", "Norway"),
    *("Sweden", "Poland", "Turkey", "Mexico", "Brazil", "Austria", "Ireland", "Iceland"),
)
_STORIES = (
    "a ship",
    "a bear",
    "rain",
    "tea",
    "a harbour",
    "the sea",
    "a train",
    "a garden",
    "snow",
)

SHORT = tuple(f"What is the capital of {country}?" for country in _CAPITALS)
LONG = tuple(f"Write a long story about {thing}." for thing in _STORIES)
PEOPLE = ("UALICE", "UBOB", "UADMIN")


@dataclass
class Asked:
    """A question that was asked: its text and the `ts` of its thread."""

    text: str
    ts: str
    problem: str = ""
    answers: list[dict[str, Any]] = field(default_factory=list)


class Questions:
    """Asks, and tells what became of it."""

    def __init__(self, system: System, seed: int, *, different: int = 100) -> None:
        """Of the questions at most `different` are used, a quarter of them with long answers."""
        self._system = system
        self._long = LONG[: max(1, different // 4)]
        self._short = SHORT[: different - len(self._long)]
        self._generator = random.Random(seed)
        self._right: dict[str, set[str]] = {}
        self.asked: list[Asked] = []

    @property
    def workspace(self) -> Workspace:
        """Where they are asked."""
        return self._system.workspace

    def learn(self, rounds: int = 2) -> None:
        """Ask each question `rounds` times undisturbed, and keep the answers as the right ones."""
        for _ in range(rounds):
            asked = [(text, self._say(text)) for text in (*self._short, *self._long)]
            for text, ts in asked:
                self._right.setdefault(text, set()).add(self.workspace.answer(ts))

    @property
    def ambiguous(self) -> int:
        """How many questions were answered in more than one way undisturbed."""
        return sum(len(answers) > 1 for answers in self._right.values())

    def ask(self, count: int, *, at_once: int) -> Iterator[int]:
        """Ask `count` questions, `at_once` of them open at any time; yields after each.

        A question is open until its job has ended: one that waits for a bot that was killed has no
        job yet.
        """
        before = self._ended()
        for number in range(count):
            while number - (self._ended() - before) >= at_once:
                time.sleep(0.1)
            texts = self._long if self._generator.random() < 0.2 else self._short
            text = self._generator.choice(texts)
            self.asked.append(Asked(text, self._say(text)))
            yield number

    def check(self, *, patience_seconds: float) -> Counter[str]:
        """Wait for every answer, and count what became of the questions.

        `answered` are right; `lost` had no final message in time or end as a failure, `doubled`
        more than one message in their thread, `garbled` another text than the right one.
        """
        end = time.monotonic() + patience_seconds
        waiting = list(self.asked)
        while waiting and time.monotonic() < end:
            waiting = [asked for asked in waiting if not self._is_final(asked)]
            time.sleep(0.5)
        return Counter(self._outcome(asked) for asked in self.asked)

    @property
    def problems(self) -> list[str]:
        """One line for each question that was not answered rightly."""
        return [
            f"{asked.ts} {asked.text!r}: {asked.problem}; {asked.answers}"
            for asked in self.asked
            if asked.problem
        ]

    def _say(self, text: str) -> str:
        return self.workspace.say(f"<@UBOT> {text}", user=self._generator.choice(PEOPLE))

    def _ended(self) -> int:
        counts = counted(self._system.jobs.redis)
        return sum(counts[name] for name in counts if name.startswith("ended:answer:"))

    def _is_final(self, asked: Asked) -> bool:
        return any(state_of(message) in ENDED for message in self.workspace.bot_messages(asked.ts))

    def _outcome(self, asked: Asked) -> str:
        messages = self.workspace.bot_messages(asked.ts)
        finals = [message for message in messages if state_of(message) in ENDED]
        asked.answers = messages
        asked.problem = ""
        if not finals or state_of(finals[0]) != "finished":
            asked.problem = "lost"
        elif len(messages) > 1:
            asked.problem = "doubled"
        elif finals[0]["text"] not in self._right[asked.text]:
            asked.problem = "garbled"
        return asked.problem or "answered"
