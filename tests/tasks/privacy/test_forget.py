"""What is kept of a person goes, of others it stays; on a real Valkey."""

from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.asking.subjects import Subject, Subjects
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import Claim, Claims
from tasks.privacy.forget import Forgotten, forget
from tests.patience import until
from tests.tasks.privacy.servers import files_with, server

WORD = "himitsu-no-kotoba"
HOME = Path("home")


def ask(jobs: Jobs, id: str, user: str, *, thread: str = "") -> str:
    """Store a question that waits for a worker."""
    asked = {"text": WORD, "files": [], "language": "ja"}
    jobs.create(id, "answer", destination={"user": user}, asked=asked, thread=thread)
    assert jobs.enqueue(id, {"instruction": WORD, "input": WORD})
    return id


def run(jobs: Jobs, id: str) -> int:
    """Let a worker begin."""
    attempt = jobs.claim(id, "worker")
    assert attempt
    assert jobs.append(id, attempt, "text", {"text": WORD})
    return attempt


def relay(jobs: Jobs) -> tuple[Claims, list[Claim]]:
    """A relay that has claimed every job."""
    claims = Claims(jobs, "one")
    claims.prepare()
    return claims, claims.claim_new()


def answer(jobs: Jobs, id: str) -> None:
    """Answer a question, also in Slack."""
    claims, claimed = relay(jobs)
    jobs.finish(id, run(jobs, id), "finished", {})
    claims.complete(next(claim for claim in claimed if claim.job == id))


def texts(jobs: Jobs) -> str:
    """Return everything in the broker."""
    redis: Any = jobs.redis
    read = {"hash": redis.hgetall, "stream": redis.xrange, "string": redis.get}
    return "\n".join(
        f"{key} {read[redis.type(key)](key)}"
        for key in redis.scan_iter()
        if redis.type(key) in read
    )


def test_answered_questions_go_at_once_and_those_of_others_stay(jobs: Jobs) -> None:
    answer(jobs, ask(jobs, "a", "UALICE"))
    answer(jobs, ask(jobs, "b", "UBOB"))

    assert forget(jobs, "UALICE", "UALICE", HOME) == Forgotten(jobs=1, ended=0, turns=0, threads=0)

    assert jobs.get("a") is None
    assert jobs.events("a") == []
    assert isinstance(jobs.get("b"), Job)
    assert len(jobs.events("b")) == 3
    assert "UALICE" not in texts(jobs)


def test_again_it_finds_nothing(jobs: Jobs) -> None:
    answer(jobs, ask(jobs, "a", "UALICE", thread="t"))
    ask(jobs, "open", "UALICE")
    forget(jobs, "UALICE", "UALICE", HOME)

    assert forget(jobs, "UALICE", "UALICE", HOME) == Forgotten(0, 0, 0, 0)
    assert forget(jobs, "UNOBODY", "UALICE", HOME).records == 0


def test_a_late_repeat_of_a_forgotten_question_does_not_ask_it_again(jobs: Jobs) -> None:
    answer(jobs, ask(jobs, "a", "UALICE"))
    forget(jobs, "UALICE", "UALICE", HOME)

    assert jobs.create("a", "answer", destination={}, asked={"text": ""}) == "repeat"


@pytest.mark.parametrize("state", ["new", "queued", "running", "answered but not posted"])
def test_an_open_question_ends_as_cancelled_and_goes_when_that_is_said(
    jobs: Jobs, state: str
) -> None:
    if state == "new":
        asked = {"text": WORD, "files": [], "language": "ja"}
        jobs.create("a", "answer", destination={"user": "UALICE"}, asked=asked)
    else:
        ask(jobs, "a", "UALICE")
    claims, [claim] = relay(jobs)
    attempt = run(jobs, "a") if state in ("running", "answered but not posted") else 0
    read = jobs.events("a")
    if state == "answered but not posted":
        jobs.finish("a", attempt, "finished", {})

    forget(jobs, "UALICE", "UALICE", HOME)
    if state == "running":
        assert jobs.check_lease("a", attempt) == "cancel"
        assert jobs.append("a", attempt, "text", {"text": WORD})
        jobs.finish("a", attempt, "cancelled", {})

    assert WORD not in texts(jobs)
    job = jobs.get("a")
    assert job
    assert (job.state, job.asked["text"], job.asked["language"]) == ("cancelled", "", "ja")
    # A relay that has read the stream so far finds the end behind it, and so does one that has not.
    for after in (read[-1].id if read else "0", "0"):
        assert [event.type for event in jobs.events("a", after)] == ["cancelled"]

    claims.complete(claim)

    assert jobs.get("a") is None
    assert jobs.open() == []


def test_words_in_the_threads_of_others_go_with_the_answers_to_them(jobs: Jobs) -> None:
    thread = [
        {"role": "user", "text": "alice", "user": "UALICE"},
        {"role": "assistant", "text": "to alice", "user": "UALICE"},
        {"role": "user", "text": "bob", "user": "UBOB"},
        {"role": "user", "text": "from an earlier version"},
    ]
    jobs.create("b", "answer", destination={"user": "UBOB"}, asked={"text": "q"})
    jobs.enqueue("b", {"instruction": "q", "input": "", "thread": thread})

    assert forget(jobs, "UALICE", "UALICE", HOME).turns == 2

    job = jobs.get("b")
    assert job
    assert job.state == "queued"
    assert job.request == {"instruction": "q", "input": "", "thread": thread[2:]}


def test_words_that_others_ask_about_go_too(jobs: Jobs) -> None:
    said = [{"user": user, "speaker": user, "text": WORD} for user in ("UALICE", "UBOB")]
    subjects = Subjects(jobs.redis)
    for id, author, writer in (("a", "UALICE", "UBOB"), ("b", "UBOB", "UALICE")):
        subjects.keep(id, Subject(author, "C1", "1.1", "", writer, WORD), 60_000)
    jobs.create("b", "answer", destination={"user": "UBOB"}, asked={"text": "q"})
    jobs.enqueue("b", {"instruction": "q", "material": said})

    assert forget(jobs, "UALICE", "UALICE", HOME).turns == 1

    job = jobs.get("b")
    assert job
    assert job.request["material"] == said[1:]
    assert subjects.get("a") is None
    assert subjects.get("b") == Subject("UBOB", "C1", "1.1", "", "UALICE", "")


def test_a_thread_is_followed_for_those_who_asked_there(jobs: Jobs) -> None:
    ask(jobs, "a", "UALICE", thread="one")
    ask(jobs, "b", "UBOB", thread="one")
    ask(jobs, "c", "UALICE", thread="two")

    assert forget(jobs, "UALICE", "UALICE", HOME).threads == 2

    stored = [
        jobs.create(
            f"{thread}-later",
            "answer",
            destination={},
            asked={},
            thread=thread,
            only_in_thread=True,
        )
        for thread in ("one", "two")
    ]
    assert stored == ["created", "not_in_thread"]
    redis: Any = jobs.redis
    assert redis.pttl("swallow:thread:one") > 0


def test_trainings_stay(jobs: Jobs) -> None:
    jobs.create("t", "train", destination={"user": "UALICE"}, asked={"text": "epochs=1"})

    assert forget(jobs, "UALICE", "UALICE", HOME).records == 0
    assert jobs.open("train")


def test_the_words_leave_the_disk(tmp_path: Path) -> None:
    with (
        server(tmp_path, "--save", "3600 1") as url,
        Redis.from_url(url, decode_responses=True) as redis,
    ):
        jobs = Jobs(redis, keep_ms=60_000, queue_limit=5)
        answer(jobs, ask(jobs, "a", "UALICE"))
        redis.save()
        assert files_with(tmp_path, WORD) == {"appendonly.aof.1.incr.aof", "dump.rdb"}

        forget(jobs, "UALICE", "UALICE", HOME)

        until(lambda: not files_with(tmp_path, WORD))
