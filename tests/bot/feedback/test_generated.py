"""Forms, presses and data sets in any order, from anybody, late, twice and forged.

No listener fails, no row is without an author who asked for it, nobody but an admin decides.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import event as note
from hypothesis import strategies as st
from redis import Redis

from bot.feedback import uploads
from bot.feedback.cards import (
    APPROVE_ACTION,
    APPROVE_ALL_ACTION,
    EXAM_ACTION,
    REFUSE_ACTION,
    REMOVE_ACTION,
)
from bot.feedback.forms import CORRECT_FORM, MOST_CHARACTERS, TEACH_FORM
from bot.questions.rating import CORRECT_ACTION, RATE_ACTION
from tasks.broker.jobs import Jobs
from tasks.feedback.row import FeedbackRow
from tasks.feedback.store import Feedback
from tests.bot.socket_end import (
    Json,
    Slack,
    event,
    form,
    home_opened,
    press,
    press_in_home,
    shortcut,
)
from tests.tasks.feedback.rows import proposed

JOBS = ("answered", "running", "elsewhere")
PEOPLE = ("UADMIN", "UALICE", "UBOB")
ADMIN = "UADMIN"

people = st.sampled_from(PEOPLE)
texts = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", " ", "An answer.", "\ud83d", "あ" * MOST_CHARACTERS, "😀" * 1501]),
    st.sampled_from(["x" * 40_000, "<!channel> {0} %s", None, 5, ["a"], {"value": "a"}]),
)
forged = st.sampled_from(["", "*", "swallow:feedback", "../../etc", "0123456789abcdef", "a b c"])


def mostly(right: st.SearchStrategy[Any], wrong: st.SearchStrategy[Any]) -> Any:
    """Draw what is right five times of six."""
    return st.integers(0, 5).flatmap(lambda drawn: right if drawn else wrong)


jobs = mostly(st.just("answered"), st.sampled_from(["running", "elsewhere", "gone"]) | forged)
times = mostly(st.integers(1, 9).map("{}.5".format), st.sampled_from(["", "x", "-1", "nan", "inf"]))
channels = mostly(st.just("C1"), st.sampled_from(["C2", "D1", ""]))
numbers = mostly(st.sampled_from("012"), forged)
"""Of a row that there is, but for those that are forged."""


@st.composite
def ratings(draw: st.DrawFn) -> Json:
    value = draw(mostly(st.sampled_from(["good", "bad"]), st.sampled_from(["", "GOOD"])))
    block = draw(mostly(jobs.map("feedback-{}".format), forged))
    who, where, at = draw(people), draw(channels), draw(times)
    return press(RATE_ACTION, value, user=who, channel=where, block=block, at=at)


@st.composite
def openings(draw: st.DrawFn) -> Json:
    if draw(st.booleans()):
        return press(CORRECT_ACTION, draw(jobs), user=draw(people), channel=draw(channels))
    said = {"user": draw(people | st.none()), "text": draw(st.text(max_size=20) | st.none())}
    return shortcut(TEACH_FORM, by=draw(people), channel=draw(channels), **said)


@st.composite
def submissions(draw: st.DrawFn) -> Json:
    """A form; its draft is one of the six that were opened, by its number, or forged."""
    teaches, owner = draw(st.booleans()), draw(st.integers(0, 2))
    filled_in = {
        "instruction": draw(mostly(st.just("Who is it?"), texts)),
        "input": draw(mostly(st.just(""), texts)),
        "output": draw(mostly(st.just("Kimura."), texts)),
    }
    missing = draw(mostly(st.just(""), st.sampled_from(["input", "output"])))
    own = TEACH_FORM if teaches else CORRECT_FORM
    return form(
        draw(mostly(st.just(own), st.sampled_from([CORRECT_FORM, TEACH_FORM]))),
        {name: text for name, text in filled_in.items() if name != missing},
        draft=draw(mostly(st.just(str(2 * owner + teaches)), forged)),
        user=draw(mostly(st.just(PEOPLE[owner]), people)),
        id=f"V{draw(st.integers(0, 99))}",
    )


@st.composite
def decisions(draw: st.DrawFn) -> Json:
    """A press of an admin's or an author's button; its row is one of those there are, or forged."""
    chosen = [APPROVE_ACTION, EXAM_ACTION, REFUSE_ACTION, APPROVE_ALL_ACTION, REMOVE_ACTION]
    action, value = draw(st.sampled_from(chosen)), draw(numbers)
    who = draw(people if action == REMOVE_ACTION else mostly(st.just(ADMIN), people))
    if draw(st.booleans()):
        return press_in_home(action, value, user=who)
    return press(action, value, user=who, channel=draw(channels))


@st.composite
def data_sets(draw: st.DrawFn) -> Json:
    row = {"instruction": draw(texts), "output": draw(texts)}
    content = draw(st.sampled_from(["", "[", "a,b\n1,2\n", json.dumps(row), json.dumps([row])]))
    name = draw(st.sampled_from(["rows.jsonl", "rows.csv", "rows.json", "../rows.jsonl", ".json"]))
    called = draw(st.sampled_from(["dataset rows", "dataset ../x", "データセット 空", "dataset"]))
    file = {"name": name, "size": 3, "url_private": content}
    return event(
        channel_type="im",
        channel="D1",
        user=draw(people),
        subtype="file_share",
        text=called,
        ts=draw(st.sampled_from(["1.1", "1.2"])),
        files=[file] * draw(st.integers(1, 2)),
    )


acts = st.lists(
    st.one_of(ratings(), openings(), submissions(), decisions(), data_sets())
    | people.map(home_opened),
    min_size=1,
    max_size=8,
)
repeats = st.lists(st.integers(1, 2), min_size=8, max_size=8)


@pytest.fixture
def slack(redis: Redis, on_valkey: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    async def content_of(_client: Any, file: Json, _room: int, **_: Any) -> bytes:
        return str(file["url_private"]).encode()

    monkeypatch.setattr(uploads, "content_of", content_of)
    monkeypatch.setenv("SWALLOW_FEEDBACK", "on")
    slack = Slack(redis, monkeypatch, "views.open", "views.publish", "chat.update")
    yield slack
    slack.close()


def answer_questions(records: Jobs) -> None:
    """Store one question that is answered, one that runs, and one answered in another channel."""
    for id in JOBS:
        place = {"channel": "C2" if id == "elsewhere" else "C1", "user": "UALICE", "team": "T1"}
        records.create(id, "answer", destination=place, asked={"text": "q", "language": "en"})
        records.enqueue(id, {"instruction": "Who?", "input": ""})
        attempt = records.claim(id, "worker")
        assert attempt
        records.append(id, attempt, "text", {"text": "An answer."})
        if id != "running":
            records.finish(id, attempt, "finished", {"finish": "stop"})


def with_real_ids(payload: Json, drafts: list[str], rows: list[FeedbackRow]) -> Json:
    """Put an opened draft, or a row's id, where a payload has a number."""
    view = payload.get("view") or {}
    number = str(view.get("private_metadata", ""))
    if payload["type"] == "view_submission" and number.isdecimal() and drafts:
        view["private_metadata"] = drafts[int(number) % len(drafts)]
    for action in payload.get("actions", []):
        value = str(action["value"])
        if len(value) == 1 and value.isdecimal() and rows:
            row = rows[int(value) % len(rows)]
            action["value"] = row.id if action["action_id"] == REMOVE_ACTION else row.seen
    return payload


def drafts_in(slack: Slack) -> list[str]:
    return [
        json.loads(call["view"])["private_metadata"]
        if isinstance(call["view"], str)
        else call["view"]["private_metadata"]
        for method, call in slack.calls
        if method == "views.open"
    ]


# Each is a sequence of acts, so a quarter of the examples are as much as elsewhere.
@settings(suppress_health_check=list(HealthCheck), max_examples=settings().max_examples // 4)
@given(acts=acts, repeats=repeats)
@example(acts=[press(CORRECT_ACTION, "answered", user="UBOB")], repeats=[2] * 8)
def test_whatever_people_do_no_row_is_without_its_author(
    slack: Slack, redis: Redis, acts: list[Json], repeats: list[int]
) -> None:
    redis.flushall()
    slack.calls.clear()
    answer_questions(slack.jobs)
    feedback = Feedback(redis)
    for number, author in enumerate(PEOPLE):
        slack.send(press(CORRECT_ACTION, "answered", user=author))
        slack.send(shortcut(TEACH_FORM, by=author, text="Kimura."))
        feedback.propose(proposed(f"row-{number}", author=author))
    for act, times_delivered in zip(acts, repeats, strict=False):
        before = {row.id: row for row in feedback.rows()}
        payload = with_real_ids(act, drafts_in(slack), list(before.values()))

        failed = slack.send(*[payload] * times_delivered)

        assert failed == [], json.dumps(payload)
        check(before, {row.id: row for row in feedback.rows()}, payload)


def check(before: dict[str, FeedbackRow], after: dict[str, FeedbackRow], payload: Json) -> None:
    """Check what one payload has changed."""
    who = (payload.get("user") or {}).get("id", "")
    new = set(after) - set(before)
    assert len(new) <= 1, "one act made two rows"
    for id in new:
        note(f"proposed: {after[id].kind}")
        assert after[id].author == who in PEOPLE
        assert after[id].state == "proposed"
    for id, row in after.items():
        was = before.get(id, row)
        assert (row.author, row.kind, row.job) == (was.author, was.kind, was.job)
        assert row.approver == ("" if row.state == "proposed" else ADMIN)
        if row.state != was.state:
            note(f"approved: {row.use}")
            assert who == ADMIN, "somebody approved who may not"
        if row.state == "approved" == was.state:
            assert row == was, "a row changed that was decided about"
    for id in set(before) - set(after):
        note(f"removed by {'its author' if who == before[id].author else 'an admin'}")
        may = ADMIN if REFUSE_ACTION in str(payload) else before[id].author
        assert who == may, "somebody removed another's row"
