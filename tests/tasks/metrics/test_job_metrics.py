"""Queues and trainings in the metrics, with real records."""

from redis import Redis

from tasks.broker.jobs import Jobs
from tests.tasks.metrics.conftest import Scrape


def queued(jobs: Jobs, id: str, kind: str = "answer") -> None:
    jobs.create(id, kind, destination={"channel": "C1"}, asked={"text": "hi"})  # type: ignore[arg-type]
    jobs.enqueue(id, {"training": "t-1"})


def test_a_queue_has_a_length_and_the_age_of_its_oldest(
    jobs: Jobs, redis: Redis, scrape: Scrape
) -> None:
    for id in ("a", "b", "c"):
        queued(jobs, id)
    jobs.claim("a", "w")
    redis.hincrby("swallow:job:b", "created", -60_000)

    found = scrape()

    assert found['swallow_waiting_jobs{kind="answer"}'] == 2
    assert found['swallow_running_jobs{kind="answer"}'] == 1
    assert 60 <= found['swallow_oldest_wait_seconds{kind="answer"}'] < 60 + 300
    assert found['swallow_oldest_wait_seconds{kind="train"}'] == 0


def test_a_training_has_its_step_loss_and_the_age_of_its_checkpoint(
    jobs: Jobs, redis: Redis, scrape: Scrape
) -> None:
    queued(jobs, "t", "train")
    attempt = jobs.claim("t", "w")
    assert attempt
    redis.hincrby("swallow:job:t", "begun", -120_000)
    jobs.record_progress("t", attempt, {"step": 3, "steps": 50, "loss": 1.25, "output": "x"})

    before = scrape()
    jobs.record_progress("t", attempt, {"step": 4, "steps": 50, "loss": 1.2}, saved=True)
    redis.hincrby("swallow:job:t", "saved", -30_000)
    after = scrape()

    assert before['swallow_training_step{training="t-1"}'] == 3
    assert before['swallow_training_steps{training="t-1"}'] == 50
    assert before['swallow_training_loss{training="t-1"}'] == 1.25
    assert 'swallow_training_validation_loss{training="t-1"}' not in before
    age = 'swallow_training_checkpoint_age_seconds{training="t-1"}'
    assert before[age] >= 120
    assert 30 <= after[age] < before[age]
