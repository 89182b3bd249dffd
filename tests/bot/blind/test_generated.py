"""Votes in any order, from anybody, twice, late, at once and forged.

No listener fails; of each person one vote on each question counts, the one that was pressed last.
"""

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import event as note
from hypothesis import example, given
from hypothesis import strategies as st
from redis import Redis

from bot.blind.cards import REVEAL_ACTION, VOTE_ACTIONS
from tasks.blind import store
from tasks.blind.comparison import Comparison, Tally
from tasks.blind.store import Blind
from tests.bot.generated import VOTES, in_any_order, mostly, sequences
from tests.bot.socket_end import Json, Slack, press, press_in_home
from tests.tasks.blind.test_store import ADAPTER, SIDES

PEOPLE = ("UADMIN", "UALICE", "UBOB", "U:1")
ADMIN = "UADMIN"
WHERE = {"channel": "C1", "thread_ts": "", "language": "en", "user": ADMIN}
PRESSED = {str(number): f"c {number}" for number in range(len(SIDES))}

people = st.sampled_from(PEOPLE)
forged = st.sampled_from(
    ["", "c", " 0", "c 2", "c -1", "c 0:UBOB", "c 0 A", "c  0", "c q:0", "C 0", "c:tally 0", "x 0"]
)
stale = st.sampled_from(["over 0", "over 1"])


@st.composite
def votes(draw: st.DrawFn) -> Json:
    action = draw(st.sampled_from(list(VOTE_ACTIONS)))
    value = draw(mostly(st.sampled_from(list(PRESSED.values())), forged | stale))
    who, at = draw(people), draw(mostly(st.integers(1, 9).map("{}.5".format), st.just("x")))
    if not draw(st.integers(0, 9)):
        return press_in_home(action, value, user=who)
    channel = draw(mostly(st.just("C1"), st.sampled_from(["C2", "D1", ""])))
    return press(action, value, user=who, channel=channel, at=at)


@st.composite
def reveals(draw: st.DrawFn) -> Json:
    value = draw(mostly(st.just("c"), forged | st.just("over")))
    return press(REVEAL_ACTION, value, user=draw(people))


rows_removed = st.sampled_from(["r0", "r1"]).map(lambda id: {"removed": id})
people_forgotten = people.map(lambda user: {"forgotten": user})
OTHERS = 2
acts = in_any_order(votes(), VOTES, reveals() | rows_removed | people_forgotten, OTHERS)
LENGTH = VOTES + OTHERS
deliveries = st.lists(st.tuples(st.integers(1, 2), st.booleans()), min_size=LENGTH, max_size=LENGTH)
"""How often each act comes, and whether at once with the one before."""
Place = tuple[str, str]
"""A question's number and a person."""


@pytest.fixture
def slack(redis: Redis, on_valkey: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    monkeypatch.setattr(store, "VOTERS", 2)
    slack = Slack(redis, monkeypatch, "chat.postMessage", "chat.update")
    yield slack
    slack.close()


class Expected:
    """The votes that should count: of each question and person what was pressed last."""

    def __init__(self) -> None:
        self.questions = {"0", "1"}
        self.newest: dict[Place, float] = {}
        self.votes: dict[Place, set[str]] = {}
        """Of several presses at one time any may count."""
        self.pressed: dict[Place, set[str]] = {}
        """All of them."""

    def take(self, act: Json) -> None:
        """Follow an act at an open comparison."""
        if "actions" not in act:
            self._remove(act)
        elif is_vote(act):
            self._press(act, act["actions"][0])

    def _press(self, payload: Json, action: Json) -> None:
        id, _, question = action["value"].partition(" ")
        where = payload["container"].get("channel_id")
        if (id, where) != ("c", "C1") or question not in self.questions:
            return
        place, choice = (question, payload["user"]["id"]), VOTE_ACTIONS[action["action_id"]]
        at, before = seconds(action["action_ts"]), self.newest.get(place, -1.0)
        self.pressed.setdefault(place, set()).add(choice)
        if at >= before:
            self.newest[place] = at
            self.votes[place] = {choice} | (self.votes[place] if at == before else set())

    def _remove(self, act: Json) -> None:
        self.questions.discard(str(act.get("removed"))[1:])
        for place in list(self.votes):
            if place[0] not in self.questions or place[1] == act.get("forgotten"):
                for kept in (self.newest, self.votes, self.pressed):
                    del kept[place]


ALL = [press("blind_vote_a", "c 0", user=user, at="1.5") for user in PEOPLE[:3]]


@sequences
@given(acts=acts, deliveries=deliveries)
@example(acts=[{"removed": "r1"}, *ALL], deliveries=[(1, False)] * 4)
@example(acts=[{"removed": "r1"}, *ALL], deliveries=[(2, True)] * 4)
def test_whatever_people_press_each_has_one_vote_a_question(
    slack: Slack,
    redis: Redis,
    inputs: Counter[str],
    acts: list[Json],
    deliveries: list[tuple[int, bool]],
) -> None:
    redis.flushall()
    blind, expected = Blind(redis), Expected()
    for id, adapter in (("c", ADAPTER), ("over", "other@" + "b" * 64)):
        assert blind.create(id, adapter, SIDES, **WHERE)
    blind.reveal("over")
    blind.end("over")
    begun = blind.get("c")
    assert begun
    for batch in batches(acts, deliveries):
        was_open, tally = is_open(blind), blind.tally(ADAPTER)
        inputs["votes"] += sum(is_vote(act) for act, _ in batch if len(acts) == LENGTH)

        failed = do(slack, blind, batch)

        assert failed == [], json.dumps(batch)
        if not was_open:
            assert blind.tally(ADAPTER) == tally, "it was over, and a vote was counted"
            continue
        for act, _ in batch:
            expected.take(act)
        if is_open(blind):
            check_votes(blind, expected)
        else:
            note("revealed by votes" if is_vote(batch[0][0]) else "revealed by an admin")
            check_tally(blind.tally(ADAPTER), begun, expected, whole=len(batch) == 1)


Batch = list[tuple[Json, int]]
"""Acts that are delivered at once, each so often."""


def batches(acts: list[Json], deliveries: list[tuple[int, bool]]) -> Iterator[Batch]:
    """Yield what is done at once; but for votes everything has its time for itself."""
    batch: Batch = []
    for act, (times, at_once) in zip(acts, deliveries, strict=True):
        if batch and not (at_once and is_vote(act) and is_vote(batch[0][0])):
            yield batch
            batch = []
        batch.append((act, times))
    yield batch


def do(slack: Slack, blind: Blind, batch: Batch) -> list[str]:
    """Do what a batch says; returns what failed."""
    first = batch[0][0]
    if "actions" in first:
        return slack.send(*(payload for payload, times in batch for _ in range(times)))
    if "removed" in first:
        blind.drop_rows({first["removed"]})
    else:
        blind.drop_person(first["forgotten"])
    return []


def is_vote(act: Json) -> bool:
    return "actions" in act and act["actions"][0]["action_id"] in VOTE_ACTIONS


def is_open(blind: Blind) -> bool:
    found = blind.get("c")
    return found is not None and not found.revealed


def seconds(at: str) -> float:
    return float(at) if at != "x" else 0.0


def check_votes(blind: Blind, expected: Expected) -> None:
    """Check the votes of an open comparison."""
    found = blind.get("c")
    assert found
    assert blind.tally(ADAPTER) is None
    cast = {
        (str(number), user): choice
        for number, votes in found.votes.items()
        for user, choice in votes.items()
    }
    assert cast.keys() == expected.votes.keys()
    for place, choice in cast.items():
        assert choice in expected.votes[place], "not the last press counts"


def check_tally(tally: Tally | None, begun: Comparison, expected: Expected, *, whole: bool) -> None:
    """Check the votes that were counted; of votes that came at once some may have come too late."""
    assert tally
    votes = expected.votes if whole else expected.pressed
    sides = [
        {begun.questions[int(number)].whose(choice) for choice in choices}
        for (number, _), choices in votes.items()
    ]
    for whose in ("adapter", "base", "same"):
        least = sum(side == {whose} for side in sides) if whole else 0
        assert least <= getattr(tally, whose) <= sum(whose in side for side in sides)
    people = {user for _, user in votes}
    assert tally.votes <= len(votes)
    assert tally.people <= len(people)
    assert tally.questions == len(expected.questions)
    if whole:
        assert (tally.votes, tally.people) == (len(votes), len(people))
