"""Votes on hidden answers: one for each person and question, none after the reveal."""

import random
from itertools import count
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from tasks.blind import store
from tasks.blind.comparison import CHOICES, Comparison, Tally
from tasks.blind.store import COMPARISONS, MOST_QUESTIONS, VOTERS, Blind, Vote, differing

ADAPTER = "output@" + "a" * 64
LATER = count(1)
SIDES = [
    {"instruction": f"Question {n}?", "input": "", "base": "old", "adapter": "new", "id": f"r{n}"}
    for n in range(2)
]


@pytest.fixture
def blind(redis: Redis) -> Blind:
    return Blind(redis, random.Random(3))


def begun(blind: Blind, id: str = "c", **more: Any) -> Comparison:
    where = {"channel": "C1", "thread_ts": "", "language": "en", "user": "UADMIN"}
    assert blind.create(id, ADAPTER, SIDES, **where | more)
    found = blind.get(id)
    assert found is not None
    return found


def vote(blind: Blind, id: str, *cast: Any, at: float | None = None, **by: Any) -> Vote:
    """Vote at a time, or later than ever before."""
    return blind.vote(id, *cast, at=str(next(LATER) if at is None else at), **by)


def side_of(comparison: Comparison, number: int, whose: str) -> Any:
    question = comparison.questions[number]
    return next(choice for choice in CHOICES if question.whose(choice) == whose)


def test_the_order_is_drawn_once(redis: Redis) -> None:
    orders = set()
    for seed in range(30):
        found = begun(Blind(redis, random.Random(seed)), f"c{seed}")
        orders.add(tuple(question.adapter_first for question in found.questions))
    blind = Blind(redis)

    where = {"channel": "C2", "thread_ts": "", "language": "", "user": ""}
    assert not blind.create("c0", ADAPTER, SIDES[:1], **where)
    assert len(orders) == 4
    assert found == blind.get("c29")
    assert {"new", "old"} == set(found.questions[0].answers)


def test_the_last_vote_of_a_person_counts_and_a_repeat_changes_nothing(blind: Blind) -> None:
    comparison = begun(blind)
    wanted = side_of(comparison, 0, "adapter")
    other = side_of(comparison, 0, "base")

    for at, choice in enumerate((other, wanted, wanted)):
        assert vote(blind, "c", "0", choice, user="UALICE", channel="C1", at=at) == "counted"
    for at in (0, 2):  # pressed before the vote that counts, and that one once more
        late = vote(blind, "c", "0", other, user="UALICE", channel="C1", at=at)
        assert late == "overtaken"
    assert vote(blind, "c", "0", "same", user="UBOB", channel="C1") == "counted"
    assert blind.reveal("c")

    assert blind.tally(ADAPTER) == Tally(adapter=1, same=1, people=2, questions=2)
    assert blind.tally("other@" + "b" * 64) is None


@pytest.mark.parametrize(
    ("id", "question", "channel"),
    [("x", "0", "C1"), ("c", "2", "C1"), ("c", "0:UBOB", "C1"), ("c", "", "C1"), ("c", "0", "C2")],
)
def test_a_forged_vote_is_unknown(blind: Blind, id: str, question: str, channel: str) -> None:
    before = begun(blind)

    assert vote(blind, id, question, "A", user="UALICE", channel=channel) == "unknown"

    assert blind.get("c") == before


def test_when_enough_people_have_voted_on_every_question_it_is_revealed(blind: Blind) -> None:
    begun(blind)
    people = [f"U{number}" for number in range(VOTERS)]
    replies = [
        vote(blind, "c", question, "A", user=user, channel="C1")
        for question in ("0", "1")
        for user in people
    ]

    assert replies == ["counted"] * (2 * VOTERS - 1) + ["revealed"]
    assert vote(blind, "c", "0", "B", user="U0", channel="C1") == "over"
    assert not blind.reveal("c")
    tally = blind.tally(ADAPTER)
    assert tally is not None
    assert (tally.votes, tally.people) == (2 * VOTERS, VOTERS)


def test_after_a_day_it_is_due(blind: Blind, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(blind)
    assert not blind.reveal("c", due_only=True)
    monkeypatch.setattr(store, "REVEAL_MS", 0)
    begun(blind, "d")

    assert blind.reveal("d", due_only=True)
    assert not blind.reveal("d", due_only=True)


def test_what_is_over_keeps_its_id_and_its_tally_alone(blind: Blind, redis: Redis) -> None:
    begun(blind)
    vote(blind, "c", "0", "A", user="UALICE", channel="C1")
    blind.reveal("c")
    blind.end("c")

    blind.posted("c", "intro", "1.1")
    assert blind.get("c") is None
    assert redis.hgetall(f"{COMPARISONS}:c") == {"state": "over"}
    assert vote(blind, "c", "0", "A", user="UALICE", channel="C1") == "over"
    assert not blind.create("c", ADAPTER, SIDES, channel="C1", thread_ts="", language="", user="")
    assert blind.open() == []


def test_rows_and_people_leave_a_comparison(blind: Blind) -> None:
    begun(blind)
    for user in ("UALICE", "UBOB"):
        for question in ("0", "1"):
            vote(blind, "c", question, "A", user=user, channel="C1")

    blind.drop_rows({"r0"})
    assert blind.drop_person("UBOB") == 1
    assert blind.drop_person("UADMIN") == 0  # who asked for it

    left = blind.get("c")
    assert left is not None
    assert [question.id for question in left.questions] == ["r1"]
    assert left.votes == {1: {"UALICE": "A"}}
    assert left.user == ""
    assert vote(blind, "c", "0", "A", user="UALICE", channel="C1") == "unknown"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["0", "1", "7", "-1", "q:0"]),
            st.sampled_from(CHOICES),
            st.sampled_from(["UALICE", "UBOB", "U:1", "U 2"]),
            st.sampled_from(["C1", "C2"]),
            st.integers(1, 9),
        ),
        max_size=25,
    )
)
def test_whatever_is_sent_no_vote_counts_twice(
    blind: Blind, votes: list[tuple[str, Any, str, str, int]]
) -> None:
    blind.redis.flushdb()
    comparison = begun(blind)
    last: dict[tuple[str, str], str] = {}
    newest: dict[tuple[str, str], int] = {}
    over = False
    for question, choice, user, channel, at in votes:
        reply = vote(blind, "c", question, choice, user=user, channel=channel, at=at)
        newer = at > newest.get((question, user), 0)
        if channel == "C1" and question in ("0", "1") and newer and not over:
            newest[question, user] = at
            last[question, user] = comparison.questions[int(question)].whose(choice)
        over = over or reply == "revealed"
    blind.reveal("c")

    tally = blind.tally(ADAPTER)
    assert tally is not None
    counted = list(last.values())
    assert tally == Tally(
        counted.count("adapter"),
        counted.count("base"),
        counted.count("same"),
        len({user for _, user in last}),
        2,
    )


def test_few_questions_are_shown_on_which_the_two_differ() -> None:
    sides: list[Any] = [
        {"instruction": f"{n}?", "base": "a", "adapter": "b", "kind": "correction"}
        for n in range(20)
    ]
    sides += [{"instruction": "same?", "base": "a ", "adapter": "a", "kind": "liked"}]
    sides += [{"instruction": "liked?", "base": "a", "adapter": "c", "kind": "liked"}]

    shown = differing({"sides": sides})

    assert len(shown) == MOST_QUESTIONS
    assert [side["instruction"] for side in shown[:3]] == ["0?", "liked?", "1?"]


@pytest.mark.parametrize(
    "exam",
    [None, [], {}, {"sides": 3}, {"sides": [1, {}, {"instruction": 1, "base": "", "adapter": ""}]}],
)
def test_an_exam_that_is_none_of_ours_has_no_questions(exam: Any) -> None:
    assert differing(cast(Any, exam)) == []
