"""What is counted as jobs change, and that it stays when their records are gone."""

from redis import Redis

from tasks.broker.counters import add, note_first_text
from tasks.broker.jobs import Jobs
from tasks.broker.leases import LEASES
from tests.tasks.metrics.conftest import Scrape


def claimed(jobs: Jobs, id: str, kind: str = "answer") -> int:
    jobs.create(id, kind, destination={"channel": "C1"}, asked={"text": "hi"})  # type: ignore[arg-type]
    jobs.enqueue(id, {})
    attempt = jobs.claim(id, "w")
    assert attempt
    return attempt


def test_ended_questions_are_counted_by_outcome_once_each(
    jobs: Jobs, redis: Redis, scrape: Scrape
) -> None:
    for id, ending in (("a", "finished"), ("b", "finished"), ("c", "failed"), ("d", "cancelled")):
        attempt = claimed(jobs, id)
        for _ in range(2):
            jobs.finish(id, attempt, ending, {"tokens": 10})  # type: ignore[arg-type]
    jobs.finish("t", claimed(jobs, "t", "train"), "failed", {"reason": "training"})
    redis.delete("swallow:job:a", "swallow:job:b")

    found = scrape()

    assert found['swallow_questions_total{outcome="finished"}'] == 2
    assert found['swallow_questions_total{outcome="failed"}'] == 1
    assert found['swallow_questions_total{outcome="cancelled"}'] == 1
    assert found['swallow_trainings_total{outcome="failed"}'] == 1
    # The tokens of a failed one are those of an instruction that is too long.
    assert found["swallow_generated_tokens_total"] == 30


def test_an_outcome_is_there_before_it_is_seen(scrape: Scrape) -> None:
    found = scrape()

    assert found['swallow_questions_total{outcome="failed"}'] == 0
    assert found['swallow_leases_lost_total{kind="answer"}'] == 0


def test_a_lost_lease_is_counted_and_one_that_was_given_back_is_not(
    jobs: Jobs, redis: Redis, scrape: Scrape
) -> None:
    claimed(jobs, "lost")
    jobs.requeue("back", claimed(jobs, "back"))
    redis.zadd(LEASES, {"lost": 1, "back": 1})

    jobs.sweep()
    jobs.sweep()

    assert scrape()['swallow_leases_lost_total{kind="answer"}'] == 1


def test_the_wait_for_the_first_text_is_counted_once_for_each_job(
    jobs: Jobs, redis: Redis, scrape: Scrape
) -> None:
    for id, seconds in (("a", 3), ("b", 3600)):
        claimed(jobs, id)
        now, _ = redis.time()
        redis.hset(f"swallow:job:{id}", "created", (now - seconds) * 1000)
        for _ in range(2):
            note_first_text(jobs, id)
    note_first_text(jobs, "gone")

    found = scrape()

    assert found['swallow_first_text_seconds_bucket{le="2.0"}'] == 0
    assert found['swallow_first_text_seconds_bucket{le="600.0"}'] == 1
    assert found['swallow_first_text_seconds_bucket{le="+Inf"}'] == 2
    assert found["swallow_first_text_seconds_count"] == 2
    assert found["swallow_first_text_seconds_sum"] >= 3603


def test_calls_of_slack_are_shown_by_method(redis: Redis, scrape: Scrape) -> None:
    add(redis, {"calls:chat.postMessage": 2, "retries:chat.update": 1})
    add(redis, {"calls:chat.postMessage": 1})

    found = scrape()

    assert found['swallow_slack_calls_total{method="chat.postMessage"}'] == 3
    assert found['swallow_slack_retries_total{method="chat.update"}'] == 1
