"""`/swallow-train` in a channel: who may train, the plan, and its buttons."""

from collections.abc import Callable
from threading import Event
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Away
from redis.exceptions import TimeoutError as Unflushed
from redis.retry import Retry

from bot.listeners.trainings.plan_buttons import _press as press_plan
from bot.trainings.plan_decision import Decision, decide, training_id
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Json, Person, Serve, job_of
from tests.patience import SECONDS
from tests.tasks.broker.links.lossy_proxy import lossy

PLAN: Json = {
    "data": "sample",
    "output": "output",
    "rows": 200,
    "validation_rows": 25,
    "tokens": 15015,
    "steps": 50,
    "epochs": 1,
    "batch_size": 4,
    "seconds": None,
    "speed_known": False,
    "memory_bytes": 1_500_000_000,
    "memory_available_bytes": 8_000_000_000,
    "dropped": 7,
    "dropped_reasons": {"repeated": 5, "for <!channel> reasons": 2},
    "cut": 3,
    "cutoff": 256,
    "model": "SmolLM2-135M-Instruct",
    "style": "chat",
    "precision": "fp32",
}


async def planned(jobs: Jobs, **changes: Any) -> Job:
    """Act as the worker: claim the plan's job and finish it."""
    job = await job_of(jobs, "plan")
    attempt = jobs.claim(job.id, "worker")
    assert attempt
    jobs.finish(job.id, attempt, "finished", {"plan": {**PLAN, **changes}})
    return job


def buttons(message: Json) -> list[str]:
    return [
        element["action_id"]
        for block in message["blocks"]
        if block["type"] == "actions"
        for element in block["elements"]
    ]


async def test_a_malformed_command_is_told_where_its_usage_is_and_queues_nothing(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        await person.command("/swallow-train epochs=many", user="UALICE")
        told = await person.told("`epochs` is `many`", "UALICE")

    assert told.endswith("`/swallow-train help` shows how it is used.")
    assert jobs.all_states() == []
    assert await person.messages() == []


async def test_help_queues_nothing(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve():
        await person.command("/swallow-train help")
        await person.told("Usage, for admins:")

    assert jobs.all_states() == []


async def test_a_stranger_is_refused_privately_and_on_record(
    serve: Serve, person: Person, jobs: Jobs, audit: Callable[[], list[Json]]
) -> None:
    async with serve():
        await person.command("/swallow-train epochs=1", user="UALICE")
        await person.told("Only admins may do this", "UALICE")

    assert await person.messages() == []
    (job,) = jobs.all_states()
    assert job.state == "failed"
    assert not jobs.redis.hexists(f"swallow:job:{job.id}", "request")
    (line,) = audit()
    assert (line["who"], line["action"], line["outcome"]) == ("UALICE", "train plan", "refused")
    assert line["reason"] == "not_admin"


async def test_another_channel_is_refused_and_a_direct_message_is_not(
    serve: Serve, person: Person, jobs: Jobs, audit: Callable[[], list[Json]]
) -> None:
    async with serve(channels="CRANDOM"):
        await person.command("/swallow-train epochs=1")
        await person.told("does not work in this channel")
        await person.command("/swallow-train epochs=1", channel="DADMIN")
        await planned(jobs)
        await person.sees("Training plan", "DADMIN")

    assert audit()[0]["reason"] == "channel"


async def test_named_admins_are_the_only_ones(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve(admins="UBOB"):
        await person.command("/swallow-train epochs=1")
        await person.told("Only admins")
        await person.command("/swallow-train epochs=1", user="UBOB")
        await planned(jobs)
        await person.sees("Training plan")


async def test_where_slack_cannot_be_asked_nobody_may(
    serve: Serve, person: Person, workspace: Any
) -> None:
    async with serve():
        workspace.faults.set({"errors": {"users.info": 100}})
        await person.command("/swallow-train epochs=1")
        await person.told("Slack could not be asked")


async def test_a_long_plan_has_buttons_and_two_presses_start_one_training(
    serve: Serve, person: Person, jobs: Jobs, audit: Callable[[], list[Json]]
) -> None:
    async with serve():
        await person.command("/swallow-train epochs=1 output=faq")
        await person.told("Working out the plan")
        plan = await planned(jobs, output="faq")
        message = await person.sees("Training plan")
        assert plan.request == {"options": {"num_epochs": 1, "output": "faq"}}
        assert buttons(message) == ["start_training", "discard_plan"]
        for shown in ("15,015", "measured when", "1.5 GB", "5 repeated", "&lt;!channel&gt;"):
            assert shown in message["text"]

        await person.press(message, "start_training", user="UALICE")
        await person.told("Only admins", "UALICE")
        await person.press(message, "start_training")
        pressed = await person.sees("Started by <@UADMIN>")
        assert buttons(pressed) == []
        training = await job_of(jobs, "train")

    assert training.id == training_id(plan.id)
    assert training.request == {
        "training": training.id,
        "resume": False,
        "options": {"num_epochs": 1, "output": "faq"},
    }
    outcomes = [(line["who"], line["action"], line["outcome"]) for line in audit()]
    assert ("UALICE", "train start", "refused") in outcomes
    assert ("UADMIN", "train start", "done") in outcomes


async def test_what_was_decided_stays_decided(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve():
        await person.command("/swallow-train epochs=1")
        await planned(jobs)
        message = await person.sees("Training plan")
    async with serve("another"):  # the buttons outlive the bot
        await person.press(message, "discard_plan")
        await person.sees("Discarded by <@UADMIN>")
        # As when a second person presses before the message has changed for them.
        plan = jobs.get(message["blocks"][-1]["elements"][0]["value"])
        assert plan is not None
        assert decide(jobs, plan, "started", "UBOB").what == "discarded"

    assert jobs.open("train") == []


async def test_a_start_stands_although_its_message_cannot_be_changed(
    serve: Serve, person: Person, jobs: Jobs, audit: Callable[[], list[Json]]
) -> None:
    async with serve() as bot:
        await person.command("/swallow-train epochs=1")
        plan = await planned(jobs)
        await person.sees("Training plan")
        body = {
            "container": {"channel_id": "CGENERAL", "message_ts": "1.000000"},
            "user": {"id": "UADMIN", "team_id": "T1"},
        }
        await press_plan(bot, body, plan.id, "started")
        await person.told("Started by <@UADMIN>")
        await job_of(jobs, "train")

    assert [line["outcome"] for line in audit()] == ["done", "done"]


async def test_an_expired_plan_says_so(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve():
        await person.command("/swallow-train epochs=1")
        plan = await planned(jobs)
        message = await person.sees("Training plan")
        jobs.redis.delete(f"swallow:job:{plan.id}")
        await person.press(message, "start_training")
        await person.told("This plan has expired")


async def test_a_short_training_starts_at_once(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve():
        await person.command("/swallow-train epochs=1")
        plan = await planned(jobs, seconds=600.0)
        message = await person.sees("Training plan")
        training = await job_of(jobs, "train")

    assert buttons(message) == []
    assert "about 10 min" in message["text"]
    assert "starts without asking" in message["text"]
    assert training.id == training_id(plan.id)


async def test_unknown_data_are_told_with_what_there_is(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        await person.command("/swallow-train data=faq")
        job = await job_of(jobs, "plan")
        attempt = jobs.claim(job.id, "worker")
        assert attempt
        data = {"reason": "dataset", "name": "faq", "known": ["sample", "<!here>"]}
        jobs.finish(job.id, attempt, "failed", data)
        told = await person.told("There is no dataset “faq”")

    assert "sample, &lt;!here&gt;" in told
    assert await person.messages() == []


async def test_japanese_is_answered_in_japanese(serve: Serve, person: Person, jobs: Jobs) -> None:
    async with serve(language="ja"):
        await person.command("/swallow-train epochs=1")
        await person.told("学習の計画を立てています")
        await planned(jobs, seconds=7500.0)
        message = await person.sees("学習の計画")

    assert "約2時間5分" in message["text"]
    assert "重複: 5" in message["text"]


async def test_a_plan_that_the_channel_does_not_take_comes_as_a_direct_message(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    async with serve():
        await person.local("faults", {"archived": ["CRANDOM"]})
        await person.command("/swallow-train epochs=1", channel="CRANDOM")
        await planned(jobs)
        message = await person.sees("Training plan", "DADMIN")

    assert "asked in <#CRANDOM>, where I cannot post any more" in message["text"]
    assert buttons(message) == ["start_training", "discard_plan"]


async def test_the_broker_is_away(serve: Serve, person: Person, monkeypatch: Any) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise Away("gone")

    async with serve() as bot:
        monkeypatch.setattr(bot.jobs, "create", away)
        await person.command("/swallow-train epochs=1")
        await person.told("not known whether this was done")


async def test_a_plan_is_not_acknowledged_before_the_broker_s_disk_has_it(
    serve: Serve, person: Person, monkeypatch: Any
) -> None:
    def unflushed(_: Any) -> None:
        raise Unflushed("too slow")

    monkeypatch.setattr("tasks.broker.jobs.flush", unflushed)
    async with serve():
        await person.command("/swallow-train epochs=1")
        told = await person.told("")

    assert "not known whether this was done" in told


async def test_a_plan_is_acknowledged_in_time_though_the_broker_is_slow(
    serve: Serve, person: Person, monkeypatch: Any
) -> None:
    monkeypatch.setattr("bot.trainings.asking.plan_store.STORE_SECONDS", 0.05)
    answering = Event()
    async with serve() as bot:
        monkeypatch.setattr(bot.jobs, "create", lambda *_, **__: answering.wait(SECONDS))
        await person.command("/swallow-train epochs=1")
        await person.told("not known whether this was done")
        answering.set()


def test_a_decision_whose_reply_was_lost_is_the_same_decision(jobs: Jobs, valkey: str) -> None:
    jobs.create("plan", "plan", destination={}, asked={"text": ""})
    plan = jobs.get("plan")
    assert plan is not None
    with lossy(valkey) as proxy:
        client = Redis.from_url(
            proxy.url, decode_responses=True, retry=Retry(NoBackoff(), 1), retry_on_error=[Away]
        )
        distant = Jobs(client, keep_ms=60_000, queue_limit=5)
        proxy.lose = 1
        decision = decide(distant, plan, "discarded", "UADMIN", "press-1")
        client.close()

    assert proxy.lost == 1
    assert decision == Decision("discarded", "UADMIN", "press-1")
    assert decide(jobs, plan, "started", "UADMIN", "press-2") == decision


async def test_a_press_that_slack_delivers_again_is_answered_as_the_first(
    serve: Serve, person: Person, jobs: Jobs, audit: Callable[[], list[Json]]
) -> None:
    async with serve() as bot:
        await person.command("/swallow-train epochs=1")
        plan = await planned(jobs)
        message = await person.sees("Training plan")
        body = {
            "container": {"channel_id": "CGENERAL", "message_ts": message["ts"]},
            "user": {"id": "UADMIN", "team_id": "T1"},
            "trigger_id": "1.2.3",
        }
        await press_plan(bot, body, plan.id, "started")
        await press_plan(bot, body, plan.id, "started")
        await press_plan(bot, {**body, "trigger_id": "4.5.6"}, plan.id, "started")
        told = await person.private()
        assert len(jobs.open("train")) == 1

    assert [text for text in told if "already" in text] == [
        "This training has been started already."
    ]
    starts = [line["outcome"] for line in audit() if line["action"] == "train start"]
    assert starts == ["done", "done", "failed"]
