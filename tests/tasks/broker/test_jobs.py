"""Job records against a real Valkey."""

import json
from dataclasses import asdict, fields
from typing import Any

import pytest
from redis import Redis

from tasks.adapters.in_use import AdaptersInUse
from tasks.attempts import heartbeat
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.leases import LEASES, MAX_LOST_TRAINING


def asked(jobs: Jobs, id: str = "a", **options: Any) -> str:
    """Store a question."""
    destination = {"channel": "C1", "ts": "1"}
    return jobs.create(id, "answer", destination=destination, asked={"text": "hi"}, **options)


def queued(jobs: Jobs, id: str = "a") -> None:
    """Store a question and make it ready."""
    asked(jobs, id)
    assert jobs.enqueue(id, {"instruction": "hi"})


def lapse(redis: Redis, id: str = "a") -> None:
    """Let the lease of a running job run out."""
    redis.zadd(LEASES, {id: 1})


def test_a_question_is_stored_once(jobs: Jobs) -> None:
    assert asked(jobs) == "created"
    assert asked(jobs) == "repeat"

    job = jobs.get("a")
    assert job is not None
    assert (job.state, job.attempt, job.asked) == ("new", 0, {"text": "hi"})


def test_a_reply_counts_only_in_a_conversation_of_the_bot(jobs: Jobs) -> None:
    assert asked(jobs, "a", thread="T:C:1", only_in_thread=True) == "not_in_thread"
    assert jobs.get("a") is None

    asked(jobs, "b", thread="T:C:1")

    assert asked(jobs, "c", thread="T:C:1", only_in_thread=True) == "created"


def test_a_question_beyond_the_limit_is_stored_as_failed(jobs: Jobs) -> None:
    for number in range(5):
        asked(jobs, f"a{number}")

    assert asked(jobs, "late") == "full"

    job = jobs.get("late")
    assert job is not None
    assert job.state == "failed"
    assert jobs.events("late")[-1].data == {"reason": "queue_full", "limit": 5}


def test_only_a_queued_job_can_be_claimed_and_only_once(jobs: Jobs) -> None:
    asked(jobs)
    assert jobs.claim("a", "w1") is None

    jobs.enqueue("a", {"instruction": "hi"})

    assert jobs.claim("a", "w1") == 1
    assert jobs.claim("a", "w2") is None
    assert not jobs.enqueue("a", {"instruction": "again"})


def test_events_come_in_order_and_end_with_the_final_one(jobs: Jobs) -> None:
    queued(jobs)
    jobs.claim("a", "w1")
    jobs.append("a", 1, "text", {"text": "50"})
    jobs.append("a", 1, "text", {"text": "セント"})

    assert jobs.finish("a", 1, "finished", {"tokens": 2})

    events = jobs.events("a")
    assert [event.type for event in events] == ["started", "text", "text", "finished"]
    assert [event.final for event in events] == [False, False, False, True]
    assert not jobs.append("a", 1, "text", {"text": "late"})
    assert not jobs.finish("a", 1, "finished", {})


def test_a_finished_job_expires_and_an_open_one_does_not(jobs: Jobs, redis: Redis) -> None:
    queued(jobs)
    assert redis.pttl("swallow:job:a") == -1

    jobs.claim("a", "w1")
    jobs.finish("a", 1, "finished", {})

    for key in ("swallow:job:a", "swallow:events:a"):
        assert 0 < int(str(redis.pttl(key))) <= 60_000


def test_an_expired_lease_puts_the_job_back_and_shuts_out_the_old_attempt(
    jobs: Jobs, redis: Redis
) -> None:
    queued(jobs)
    jobs.claim("a", "w1")
    lapse(redis)

    assert jobs.sweep() == ["a"]

    assert not jobs.append("a", 1, "text", {"text": "from the dead"})
    assert jobs.renew_lease("a", 1) == "lost"
    assert jobs.claim("a", "w2") == 2
    assert not jobs.finish("a", 1, "finished", {})
    assert jobs.append("a", 2, "text", {"text": "alive"})


def test_a_renewed_lease_is_not_swept(jobs: Jobs, redis: Redis) -> None:
    queued(jobs)
    jobs.claim("a", "w1")
    lapse(redis)

    assert jobs.renew_lease("a", 1) == "ok"

    assert jobs.sweep() == []
    assert jobs.renew_lease("a", 1) == "ok"


def lose(jobs: Jobs, redis: Redis, *, alone: bool = False) -> Job:
    """Let an attempt at the job be lost, and return the job then."""
    assert jobs.claim("a", "w", alone=alone)
    lapse(redis)
    jobs.sweep()
    job = jobs.get("a")
    assert job is not None
    return job


def test_a_question_is_not_blamed_for_what_happened_beside_others(jobs: Jobs, redis: Redis) -> None:
    queued(jobs)

    assert not lose(jobs, redis).suspect
    for lost in (2, 3, 4, 5):
        job = lose(jobs, redis)
        assert (job.state, job.suspect, job.lost) == ("queued", True, lost)


def test_what_kills_a_worker_alone_twice_is_given_up(jobs: Jobs, redis: Redis) -> None:
    queued(jobs)
    lose(jobs, redis)
    lose(jobs, redis)

    assert lose(jobs, redis, alone=True).state == "queued"
    attempt = jobs.claim("a", "w", alone=True)
    assert attempt
    assert jobs.requeue("a", attempt), "giving back is no loss, alone or not"
    assert lose(jobs, redis, alone=True).state == "failed"

    assert jobs.events("a")[-1].data == {"reason": "lost", "attempts": 4}


def test_a_training_keeps_its_own_limit(jobs: Jobs, redis: Redis) -> None:
    jobs.create("a", "train", destination={}, asked={})
    jobs.enqueue("a", {})

    states = [lose(jobs, redis) for _ in range(MAX_LOST_TRAINING)]

    assert [job.state for job in states] == ["queued"] * (MAX_LOST_TRAINING - 1) + ["failed"]
    assert not any(job.suspect for job in states)


def test_giving_back_is_not_a_loss(jobs: Jobs) -> None:
    queued(jobs)
    for attempt in range(1, 6):
        assert jobs.claim("a", "w") == attempt
        assert jobs.requeue("a", attempt)

    job = jobs.get("a")
    assert job is not None
    assert (job.state, job.lost) == ("queued", 0)


def test_a_cancelled_job_that_is_given_back_ends_and_waits_for_no_worker(jobs: Jobs) -> None:
    queued(jobs)
    attempt = jobs.claim("a", "w")
    assert attempt
    jobs.cancel("a", "UALICE")

    assert not jobs.requeue("a", attempt)

    assert jobs.events("a")[-1].type == "cancelled"


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked_to_stop(jobs: Jobs) -> None:
    queued(jobs, "a")
    queued(jobs, "b")
    jobs.claim("b", "w")

    assert jobs.cancel("a", "U1") == "queued"
    assert jobs.cancel("b", "U1") == "running"
    assert jobs.cancel("nobody", "U1") is None

    assert jobs.events("a")[-1].type == "cancelled"
    assert jobs.check_lease("b", 1) == "cancel"
    assert jobs.cancel("a", "U1") == "cancelled"


def test_a_cancelled_job_whose_worker_dies_ends_as_cancelled(jobs: Jobs, redis: Redis) -> None:
    queued(jobs)
    jobs.claim("a", "w")
    jobs.cancel("a", "U1")
    lapse(redis)

    jobs.sweep()

    assert jobs.events("a")[-1].type == "cancelled"


def test_a_message_that_got_lost_may_be_published_again_by_one_sweep(
    jobs: Jobs, redis: Redis
) -> None:
    queued(jobs)
    assert jobs.sweep() == [], "published a moment ago"

    redis.hset("swallow:job:a", "published", 0)

    assert jobs.sweep() == ["a"]
    assert jobs.claim_publication("a")
    assert not jobs.claim_publication("a")


def test_a_new_question_is_asked_with_the_adapter_in_use(jobs: Jobs, redis: Redis) -> None:
    redis.set("swallow:adapter", "output")
    asked(jobs, "a")
    redis.set("swallow:adapter", "other")

    job = jobs.get("a")
    assert job is not None
    assert job.adapter == "output"


def test_a_channel_with_an_adapter_of_its_own_asks_that_one_and_direct_messages_the_default(
    jobs: Jobs, redis: Redis
) -> None:
    AdaptersInUse(redis).set("output")
    for channel in ("C1", "D1"):
        AdaptersInUse(redis).set("faq", channel)
    asked(jobs, "there")
    for id, destination in (
        ("elsewhere", {"channel": "C2"}),
        ("dm", {"channel": "D1", "dm": True}),
    ):
        jobs.create(id, "answer", destination=destination, asked={})
    asked(jobs, "base", adapter="")
    AdaptersInUse(redis).clear("C1")
    asked(jobs, "after")

    states = jobs.states(["there", "elsewhere", "dm", "base", "after"])
    assert [job.adapter for job in states] == ["faq", "output", "output", "", "output"]


@pytest.mark.parametrize("text", ["日本語 \u202e", "\"}{'", "\x00\x01", "😀" * 1000])
def test_any_text_survives_the_record(jobs: Jobs, text: str) -> None:
    asked(jobs)
    jobs.enqueue("a", {"instruction": text})

    job = jobs.get("a")
    assert job is not None
    assert job.request == {"instruction": text}


def test_waiting_jobs_are_listed_in_the_order_they_were_asked(jobs: Jobs, redis: Redis) -> None:
    for number, id in enumerate(["c", "a", "b"]):
        asked(jobs, id)
        redis.zadd("swallow:open:answer", {id: number})

    assert [job.id for job in jobs.open()] == ["c", "a", "b"]
    assert [job.id for job in jobs.open_states()] == ["c", "a", "b"]
    assert jobs.ahead_of("b") == 2


def test_a_state_is_the_record_without_its_texts(jobs: Jobs) -> None:
    queued(jobs)
    jobs.claim("a", "w1")
    record = jobs.get("a")

    (state,) = jobs.states(["a", "unknown"])

    assert record is not None
    assert {field.name: getattr(record, field.name) for field in fields(state)} == asdict(state)


def test_views_of_the_queue_and_sweeps_do_not_read_texts(
    jobs: Jobs, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "publish", lambda *_, **__: None)
    queued(jobs)
    redis.hset("swallow:job:a", "published", 0)
    redis.config_resetstat()

    jobs.open_states()
    jobs.all_states()
    heartbeat.sweep(jobs)

    assert jobs.claim_publication("a") is False  # the sweep has published it
    assert "cmdstat_hgetall" not in redis.info("commandstats")


def test_posts_are_noted_only_while_the_record_lives(jobs: Jobs, redis: Redis) -> None:
    asked(jobs)
    jobs.record_posts("a", {"messages": ["1.2"]})
    jobs.record_posts("gone", {"messages": ["1.2"]})

    assert json.loads(str(redis.hget("swallow:job:a", "posts"))) == {"messages": ["1.2"]}
    assert not redis.exists("swallow:job:gone")


def test_only_the_newest_follower_of_a_job_notes_posts(jobs: Jobs) -> None:
    asked(jobs)
    first, second = jobs.follow("a"), jobs.follow("a")
    assert first is not None
    assert second is not None
    assert jobs.follow("gone") is None

    assert jobs.record_posts("a", {"messages": ["2"]}, follower=second.follower)
    assert not jobs.record_posts("a", {"messages": ["1"]}, follower=first.follower)

    job = jobs.follow("a")
    assert job is not None
    assert job.posts == {"messages": ["2"]}
