"""The blind comparisons of a broker: created once, voted on, revealed once.

The order of the answers is drawn when a comparison is created, and is in its record alone. A
person's last vote on a question counts, until the reveal: that comes when VOTERS people have voted
on every question, a day after the beginning, or when an admin asks for it. Then the votes are added
up under the adapter's digest, and texts and votes go when the result was shown.
"""

import json
import random
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, cast
from uuid import uuid4

from redis import Redis

from tasks.adapters.reference import name_and_digest
from tasks.blind.comparison import BlindQuestion, Choice, Comparison, Tally, read_comparison
from tasks.broker.disk.flush import flush
from tasks.broker.leases import take
from tasks.broker.lua.scripts import Scripts
from trainer.exam.paper import CORRECTION_KINDS

COMPARISONS = "swallow:blind"
"""A sorted set: the ids of comparisons that are not over, by when they must be revealed."""
MOST_QUESTIONS = 8
"""More would not be voted on."""
VOTERS = 3
REVEAL_MS = 24 * 3_600_000
OVER_MS = 30 * 24 * 3_600_000
"""So long the id of a comparison that is over is known, so that it does not begin anew."""
SHOWING_MS = 60_000
"""How long one bot has to itself what is to be shown."""

Vote = Literal["counted", "revealed", "overtaken", "over", "unknown"]
"""`revealed`: counted, and all is voted now. `overtaken`: a newer press of that person counts, or
this one already. `over`: it was revealed before. `unknown`: there is no such comparison in that
channel, or no such question."""


class Blind:
    """The comparisons of one broker; questions are drawn from, and ordered by, `generator`."""

    def __init__(self, redis: Redis, generator: random.Random | None = None) -> None:
        self.redis = redis
        self._scripts = Scripts(redis)
        self._generator = generator or random.SystemRandom()

    def create(
        self,
        id: str,
        adapter: str,
        sides: Sequence[Mapping[str, Any]],
        *,
        channel: str,
        thread_ts: str,
        language: str,
        user: str,
    ) -> bool:
        """Begin a comparison over `sides`, as `differing` returns them; False where it has begun.

        `adapter` is a reference; `user` asked for it.

        Raises:
            RedisError: the broker is away, or its disk did not take it in time.
        """
        fields = {"adapter": adapter, "channel": channel, "thread_ts": thread_ts}
        fields |= {"language": language, "user": user}
        for number, side in enumerate(sides):
            fields[f"q:{number}"] = json.dumps(side, ensure_ascii=False)
            fields[f"order:{number}"] = str(self._generator.randrange(2))
        pairs = [part for pair in fields.items() for part in pair]
        begun = self._scripts.run("create_blind", uuid4().hex, id, REVEAL_MS, *pairs)
        flush(self.redis)
        return bool(begun)

    def get(self, id: str) -> Comparison | None:
        """Read a comparison; None where there is none, or it is over."""
        fields = cast(dict[str, str], self.redis.hgetall(_key(id)))
        return read_comparison(id, fields) if "channel" in fields else None

    def vote(
        self, id: str, question: str, choice: Choice, *, user: str, channel: str, at: str
    ) -> Vote:
        """Count the vote of `user`, in place of an earlier one of theirs on that question.

        `at` is when it was pressed, in seconds by Slack's clock: of several presses the last one
        counts, in whatever order they come.

        Raises:
            RedisError: as `create`.
        """
        arguments = (id, question, choice, user, channel, VOTERS, at)
        reply = cast(Vote, self._scripts.run("vote_blind", uuid4().hex, *arguments))
        if reply in ("counted", "revealed"):
            flush(self.redis)
        return reply

    def reveal(self, id: str, *, due_only: bool = False) -> bool:
        """Reveal a comparison; with `due_only` if its day is over. False where nothing changes."""
        revealed = bool(self._scripts.run("reveal_blind", uuid4().hex, id, int(due_only)))
        if revealed:
            flush(self.redis)
        return revealed

    def open(self) -> list[str]:
        """Return the ids of the comparisons that are not over."""
        return cast(list[str], self.redis.zrange(COMPARISONS, 0, -1))

    def begin_post(self, id: str, name: str) -> None:
        """Note that the message `name` is about to be posted."""
        self._scripts.run("note_blind", "", id, "posting", name)

    def posted(self, id: str, name: str, ts: str) -> None:
        """Note that the message `name` was posted at `ts`."""
        self._scripts.run("note_blind", "", id, f"m:{name}", ts)

    def end(self, id: str) -> None:
        """Forget all of a comparison but that there was one: its result was shown."""
        self._scripts.run("end_blind", "", id, OVER_MS)

    def take(self, id: str) -> bool:
        """Take the right to show a comparison; False where another bot has it."""
        return take(self.redis, f"{_key(id)}:showing", SHOWING_MS)

    def give_back(self, id: str) -> None:
        """Let others show it."""
        self.redis.delete(f"{_key(id)}:showing")

    def tally(self, adapter: str) -> Tally | None:
        """Return the votes of all comparisons of an adapter, by its reference; None without one."""
        digest = name_and_digest(adapter)[1]
        found = cast(dict[str, str], self.redis.hgetall(f"{COMPARISONS}:tally:{digest}"))
        parts = [Tally(**json.loads(value)) for value in found.values()]
        if not parts:
            return None
        names = ("adapter", "base", "same", "people", "questions")
        return Tally(**{name: sum(getattr(part, name) for part in parts) for name in names})

    def drop_rows(self, ids: Collection[str]) -> None:
        """Remove the questions that are rows of feedback with these ids, with their votes."""
        for comparison in map(self.get, self.open()):
            for question in comparison.questions if comparison else ():
                if comparison is not None and question.id and question.id in ids:
                    self._drop(comparison, question)

    def drop_person(self, person: str) -> int:
        """Remove the votes of `person` in open comparisons, and who asked for one if it was they;
        returns how many votes there were."""
        dropped = 0
        for id in self.open():
            if self.redis.hget(_key(id), "user") == person:
                self._scripts.run("note_blind", "", id, "user", "")
            names = [
                name
                for name in cast(list[str], self.redis.hkeys(_key(id)))
                if name.startswith("v:") and name.split(":", 2)[2] == person
            ]
            if names:
                dropped += self.redis.hdel(_key(id), *names)
        return dropped

    def _drop(self, comparison: Comparison, question: BlindQuestion) -> None:
        number = question.number
        votes = [f"v:{number}:{user}" for user in comparison.votes.get(number, {})]
        self.redis.hdel(_key(comparison.id), f"q:{number}", f"order:{number}", *votes)


def differing(exam: Any) -> list[dict[str, str]]:
    """Return the questions of an exam on which base and adapter differ, at most MOST_QUESTIONS.

    `exam` is what an adapter's `swallow.json` has, whoever wrote it. Questions that were never
    trained on come in turn with corrections, so that both are among them.
    """
    sides = exam.get("sides") if isinstance(exam, dict) else None
    found = [side for side in sides or () if _usable(side)] if isinstance(sides, list) else []
    taught = [side for side in found if side.get("kind") in CORRECTION_KINDS]
    others = [side for side in found if side not in taught]
    mixed = [
        side
        for place in range(max(len(taught), len(others)))
        for side in (*taught[place : place + 1], *others[place : place + 1])
    ]
    names = ("instruction", "input", "base", "adapter", "id")
    return [{name: str(side.get(name) or "") for name in names} for side in mixed[:MOST_QUESTIONS]]


def _usable(side: Any) -> bool:
    if not isinstance(side, dict):
        return False
    texts = [side.get(name) for name in ("instruction", "base", "adapter")]
    if not all(isinstance(text, str) for text in texts):
        return False
    return bool(texts[0]) and str(texts[1]).strip() != str(texts[2]).strip()


def _key(id: str) -> str:
    return f"{COMPARISONS}:{id}"
