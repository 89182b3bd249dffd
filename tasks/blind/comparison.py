"""A blind comparison as its record says: questions with two answers each, their order, the votes.

This module reads; `tasks.blind.store` writes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Choice = Literal["A", "B", "same"]
CHOICES: tuple[Choice, ...] = get_args(Choice)


@dataclass(frozen=True)
class BlindQuestion:
    """One question; `number` counts from 0, `id` names a row of feedback, if it is one.

    `adapter_first` is the drawn order: whether answer A is the adapter's.
    """

    number: int
    instruction: str
    input: str
    base: str
    adapter: str
    adapter_first: bool
    id: str = ""

    @property
    def answers(self) -> tuple[str, str]:
        """The answers A and B."""
        return (self.adapter, self.base) if self.adapter_first else (self.base, self.adapter)

    def whose(self, choice: str) -> Literal["adapter", "base", "same"]:
        """Return whose answer a vote is for."""
        if choice == "same":
            return "same"
        return "adapter" if (choice == "A") == self.adapter_first else "base"


@dataclass(frozen=True)
class Tally:
    """How many votes went to whom, of how many people on how many questions."""

    adapter: int = 0
    base: int = 0
    same: int = 0
    people: int = 0
    questions: int = 0

    @property
    def votes(self) -> int:
        """All votes."""
        return self.adapter + self.base + self.same


@dataclass(frozen=True)
class Comparison:
    """One comparison of an adapter, named by its reference, with its base model.

    `thread_ts` is the thread it is shown in, empty for one of its own in the channel; `messages`
    are the timestamps of what was posted, by name; `posting` is the name of what was begun last.
    """

    id: str
    adapter: str
    channel: str
    thread_ts: str
    language: str
    user: str
    revealed: bool
    created: int
    """Milliseconds since the epoch, by the broker's clock."""
    questions: tuple[BlindQuestion, ...]
    votes: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """Each question's votes: the choice of each person."""
    messages: Mapping[str, str] = field(default_factory=dict)
    posting: str = ""

    def counts(self, number: int) -> dict[str, int]:
        """Return how many votes of a question went to A, B and neither."""
        cast = list(self.votes.get(number, {}).values())
        return {choice: cast.count(choice) for choice in CHOICES}


def read_comparison(id: str, fields: Mapping[str, str]) -> Comparison:
    """Decode a record."""
    orders = {name[6:]: value == "1" for name, value in fields.items() if name.startswith("order:")}
    questions = [
        _question(int(name[2:]), json.loads(value), orders[name[2:]])
        for name, value in fields.items()
        if name.startswith("q:")
    ]
    votes: dict[int, dict[str, str]] = {}
    for name, value in fields.items():
        if name.startswith("v:"):
            _, number, user = name.split(":", 2)
            votes.setdefault(int(number), {})[user] = value.partition(" ")[0]
    return Comparison(
        id=id,
        adapter=fields["adapter"],
        channel=fields["channel"],
        thread_ts=fields.get("thread_ts", ""),
        language=fields.get("language", ""),
        user=fields.get("user", ""),
        revealed=fields["state"] == "revealed",
        created=int(fields["created"]),
        questions=tuple(sorted(questions, key=lambda question: question.number)),
        votes=votes,
        messages={name[2:]: ts for name, ts in fields.items() if name.startswith("m:")},
        posting=fields.get("posting", ""),
    )


def _question(number: int, content: Mapping[str, Any], adapter_first: bool) -> BlindQuestion:
    return BlindQuestion(number=number, adapter_first=adapter_first, **content)
