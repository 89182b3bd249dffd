"""Forms, presses and data sets in any order, from anybody, late, twice and forged.

No listener fails, no row is without an author who asked for it, nobody but an admin decides.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event as note
from hypothesis import example, given
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
from tasks.trainings.datasets import is_dataset_name
from tests.bot.generated import FORMS_AND_UPLOADS, in_any_order, mostly, sequences
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
    row = {"instruction": draw(mostly(st.just("Who?"), texts)), "output": draw(texts)}
    right = st.sampled_from([json.dumps(row), json.dumps([row])])
    content = draw(mostly(right, st.sampled_from(["", "[", "a,b\n1,2\n"])))
    name = draw(st.sampled_from(["rows.jsonl", "../rows.jsonl", "rows.csv", "rows.json", ".json"]))
    named = st.sampled_from(["dataset rows", "データセット 空"])
    called = draw(mostly(named, st.sampled_from(["dataset ../x", "dataset sample", "dataset"])))
    file = {"name": name, "size": 3, "url_private": content}
    return event(
        channel_type="im",
        channel="D1",
        user=draw(mostly(st.just(ADMIN), people)),
        subtype="file_share",
        text=called,
        ts=draw(st.sampled_from(["1.1", "1.2"])),
        files=[file] * draw(mostly(st.just(1), st.just(2))),
    )


OTHERS = 4
acts = in_any_order(
    st.one_of(submissions(), submissions(), data_sets()),
    FORMS_AND_UPLOADS,
    st.one_of(ratings(), openings(), decisions(), decisions(), people.map(home_opened)),
    OTHERS,
)
LENGTH = FORMS_AND_UPLOADS + OTHERS
repeats = st.lists(st.integers(1, 2), min_size=LENGTH, max_size=LENGTH)
lapses = mostly(st.just(LENGTH), st.integers(0, LENGTH - 1))
"""Before which act the records of all questions are gone."""


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


@sequences
@given(acts=acts, repeats=repeats, lapse=lapses)
@example(acts=[press(CORRECT_ACTION, "answered", user="UBOB")], repeats=[2], lapse=1)
def test_whatever_people_do_no_row_is_without_its_author(
    slack: Slack,
    redis: Redis,
    tmp_path: Path,
    inputs: Counter[str],
    acts: list[Json],
    repeats: list[int],
    lapse: int,
) -> None:
    redis.flushall()
    slack.calls.clear()
    shutil.rmtree(tmp_path / "home", ignore_errors=True)
    answer_questions(slack.jobs)
    feedback = Feedback(redis)
    for number, author in enumerate(PEOPLE):
        slack.send(press(CORRECT_ACTION, "answered", user=author))
        slack.send(shortcut(TEACH_FORM, by=author, text="Kimura."))
        feedback.propose(proposed(f"row-{number}", author=author))
    for number, (act, times_delivered) in enumerate(zip(acts, repeats, strict=True)):
        if number == lapse:
            redis.delete(*redis.keys("swallow:job:*"), *redis.keys("swallow:events:*"))
        before, files = {row.id: row for row in feedback.rows()}, files_in(tmp_path)
        payload = with_real_ids(act, drafts_in(slack), list(before.values()))
        inputs.update(kind_of(payload))

        failed = slack.send(*[payload] * times_delivered)

        assert failed == [], json.dumps(payload)
        check(before, {row.id: row for row in feedback.rows()}, payload)
        check_files(files_in(tmp_path) - files, payload)


def kind_of(payload: Json) -> list[str]:
    """Return what kind of input it is, if it is one."""
    if payload["type"] == "view_submission":
        return ["form submissions"]
    return ["uploads"] if "files" in payload.get("event", {}) else []


def files_in(folder: Path) -> set[Path]:
    """Return all files but the audit log."""
    files = {file.relative_to(folder) for file in folder.rglob("*") if file.is_file()}
    return files - {Path("home/audit.jsonl")}


def check_files(new: set[Path], payload: Json) -> None:
    """Check the files that one payload has left."""
    for file in new:
        note("kept a data set")
        assert payload.get("event", {}).get("user") == ADMIN, "somebody left a file who may not"
        assert file.parent == Path("home/datasets")
        assert is_dataset_name(file.name)
    assert len(new) <= 1, "one upload made two data sets"


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
