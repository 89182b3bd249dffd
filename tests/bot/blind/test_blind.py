"""A blind comparison in a real workspace: votes without names, and one reveal whatever happens."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.blind import presenter
from bot.blind.cards import REVEAL_ACTION, VOTE_ACTIONS
from bot.workspace.state.channels import channel_named
from tasks.blind import store
from tasks.blind.comparison import Comparison
from tasks.blind.store import Blind, differing
from tasks.broker.jobs import Jobs
from tasks.feedback.store import Feedback
from tests.bot.conftest import Json, Person, Serve, until
from tests.bot.trainings.test_follower import FINISHED, Trainer, over
from tests.tasks.adapter_files import write_adapter
from tests.tasks.feedback.rows import proposed
from trainer.adapters.adapter import read

MARKS = {"corrections": 2, "learned": 2, "reworded": 2, "others": 1, "unchanged": 1}
SIDES = [
    {
        "instruction": f"Question {number}? <!channel>",
        "input": "",
        "right": "",
        "base": "old",
        "adapter": "new",
        "kind": "correction",
        "id": f"r{number}",
    }
    for number in range(2)
]
SAME = list(VOTE_ACTIONS)[2]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presenter, "LOOK_SECONDS", 0.05)


@pytest.fixture
def adapter(home: Path) -> Path:
    exam = {**MARKS, "sides": [*SIDES, {**SIDES[0], "instruction": "Same?", "adapter": "old"}]}
    return write_adapter(home / "adapters" / "output", exam=exam)


def comparison(jobs: Jobs) -> Comparison:
    blind = Blind(jobs.redis)
    found = [blind.get(id) for id in blind.open()]
    assert len(found) == 1
    assert found[0] is not None
    return found[0]


async def thread_of(person: Person, count: int) -> tuple[Json, list[Json]]:
    """Return the opening message and, when there are `count`, the replies."""
    opening = await person.sees("Which answer is better?")

    async def look() -> list[Json] | None:
        replies = await person.replies(opening["ts"])
        return (
            [{**reply, "channel": "CGENERAL"} for reply in replies]
            if (len(replies) >= count)
            else None
        )

    return opening, await until(look, f"{count} replies")


def wanted(of: Comparison, number: int, whose: str) -> str:
    question = of.questions[number]
    return next(
        action for action, choice in VOTE_ACTIONS.items() if question.whose(choice) == whose
    )


async def test_people_vote_without_names_until_an_admin_reveals(
    serve: Serve, person: Person, jobs: Jobs, adapter: Path, audit: Callable[[], list[Json]]
) -> None:
    async with serve(language="en"):
        await person.command("/swallow-adapter compare output")
        _, (first, second) = await thread_of(person, 2)
        before = comparison(jobs)
        for message in (first, second):
            hidden = json.dumps(message)
            assert "output" not in hidden
            assert "Base model" not in hidden
            assert "<!channel>" not in hidden
        await person.press(first, wanted(before, 0, "base"), user="UALICE")
        await person.told("You can change it", "UALICE")
        await person.press(first, wanted(before, 0, "adapter"), user="UALICE")
        await person.press(first, wanted(before, 0, "adapter"), user="UBOB")
        await person.press(second, SAME, user="UBOB")
        await counted(jobs, 3)
        opening, _ = await thread_of(person, 2)
        await person.press(opening, REVEAL_ACTION, user="UBOB")
        await person.told("Only admins", "UBOB")
        await person.press(opening, REVEAL_ACTION)
        _, (first, _, result) = await thread_of(person, 3)
        await person.command("/swallow-adapter show output")
        shown = await person.told("Compared blind")
        await person.command("/swallow-adapter compare output none of this is asked again")

    sentence = "votes 2, base model 0, about the same 1 (people: 2)"
    assert sentence in result["text"]
    assert sentence in shown
    assert "*output* (votes: 2)" not in first["text"]
    assert "— output* (votes: 2)" in first["text"]
    assert not [block for block in first["blocks"] if block["type"] == "actions"]
    assert [line["outcome"] for line in audit() if line["action"] == "adapter reveal"] == [
        "refused",
        "done",
    ]
    assert Blind(jobs.redis).open() == []


async def counted(jobs: Jobs, votes: int) -> None:
    async def look() -> bool:
        return sum(len(one) for one in comparison(jobs).votes.values()) == votes

    await until(look, f"{votes} votes")


async def test_a_day_later_one_of_two_bots_reveals_it_once(
    serve: Serve,
    person: Person,
    jobs: Jobs,
    adapter: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with serve(language="en"):
        await person.command("/swallow-adapter compare output")
        await thread_of(person, 2)
        (id,) = Blind(jobs.redis).open()
    jobs.redis.zadd(store.COMPARISONS, {id: 1})  # its day is over while no bot runs
    async with serve("one", language="en"), serve("two", language="en"):
        _, replies = await thread_of(person, 3)

        async def ended() -> bool:
            return Blind(jobs.redis).open() == []

        await until(ended, "the end")

    assert "Nobody voted" in replies[2]["text"]
    assert len((await thread_of(person, 3))[1]) == 3
    assert Blind(jobs.redis).tally(f"output@{read(adapter).digest}") is not None


@pytest.mark.parametrize("value", ["", "x 0", "{id} 9", "{id} 0:UBOB", "{id}", "{id} 0 A"])
async def test_a_forged_vote_is_told_in_one_sentence_and_counts_nothing(
    serve: Serve, person: Person, jobs: Jobs, adapter: Path, value: str
) -> None:
    from bot.blind import actions
    from bot.slack.actor import Actor

    async with serve(language="en") as bot:
        await person.command("/swallow-adapter compare output")
        await thread_of(person, 2)
        before = comparison(jobs)
        actor = Actor("UALICE", "TLOCAL", "CGENERAL", dm=False)
        forged = value.replace("{id}", before.id)
        told = await actions.vote(bot, actor, forged, "A", "1.5", "en")

    assert told == "There is no such comparison or question here; nothing was counted."
    assert comparison(jobs).votes == before.votes == {}


@pytest.mark.parametrize("place", ["DALICE", "CPRIVATE"])
async def test_what_was_removed_or_given_in_private_is_not_shown_to_a_channel(
    serve: Serve, person: Person, jobs: Jobs, adapter: Path, place: str
) -> None:
    feedback = Feedback(jobs.redis)
    feedback.propose(proposed("r0"))
    feedback.remove(["r0"])
    feedback.propose(proposed("r1", kind="liked", channel=place))
    feedback.approve(["r1"], "UADMIN")
    async with serve(language="en"):
        await person.command("/swallow-adapter compare output")
        await person.told("no question to show here")
        assert Blind(jobs.redis).open() == []
        # An admin, who approves every row, may see it alone.
        await person.command("/swallow-adapter compare output", channel="DADMIN")
        await person.sees("Which answer is better?", "DADMIN")


async def test_what_was_given_where_everybody_may_read_is_shown_elsewhere(
    serve: Serve, person: Person, jobs: Jobs, adapter: Path
) -> None:
    feedback = Feedback(jobs.redis)
    for id, place in (("r0", "CRANDOM"), ("r1", "CPRIVATE")):
        feedback.propose(proposed(id, kind="liked", channel=place))
    async with serve(language="en"):
        await person.command("/swallow-adapter compare output")
        await person.sees("Which answer is better?")

    assert [question.id for question in comparison(jobs).questions] == ["r0"]


async def test_after_a_training_its_thread_asks_people(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    trainer = Trainer(jobs)
    data: dict[str, Any] = {
        **FINISHED,
        "curve": "",
        "answers": [],
        "adapter": "output@" + "a" * 64,
        "exam": {**MARKS, "sides": SIDES},
    }
    async with serve(language="en"):
        trainer.ask()
        await trainer.claim()
        trainer.end("finished", data)
        message = await person.sees("2 of 2 corrections learned, also when asked in other words")
        await person.sees_reply(message["ts"], "Question 2 of 2")
        await over(jobs)

    texts = [reply["text"] for reply in await person.replies(message["ts"])]
    assert sum("Which answer is better?" in text for text in texts) == 1
    assert comparison(jobs).thread_ts == message["ts"]


@pytest.mark.parametrize("who", ["bot", "broker"])
async def test_a_message_that_may_have_been_posted_is_looked_for(
    serve: Serve, person: Person, jobs: Jobs, adapter: Path, who: str
) -> None:
    async with serve(language="en"):
        await person.command("/swallow-adapter compare output")
        await thread_of(person, 2)
        (id,) = Blind(jobs.redis).open()
    record = f"{store.COMPARISONS}:{id}"
    jobs.redis.hdel(record, "m:1")  # the bot died before it could note it
    if who == "broker":  # it lost its last second, and was away for some
        jobs.redis.hdel(record, "posting")
        jobs.redis.hincrby(record, "created", -10_000)
    async with serve(language="en"):

        async def found() -> bool:
            return "1" in comparison(jobs).messages

        await until(found, "the message")

    assert len((await thread_of(person, 2))[1]) == 2


async def test_a_reveal_is_shown_although_a_card_is_gone_and_the_bot_was_refused(
    serve: Serve, person: Person, jobs: Jobs
) -> None:
    blind = Blind(jobs.redis)
    async with serve():
        where = {"channel": "CGENERAL", "thread_ts": "", "language": "en", "user": "UADMIN"}
        assert blind.create("b", "output@1", differing({"sides": SIDES}), **where)
        opening, cards = await thread_of(person, 2)
        # Whose feedback is not taken does not vote.
        await person.press(cards[1], SAME, user="UPARTNER")
        await person.told("I do not take feedback from guests", "UPARTNER")
        person.workspace.conversations.remove(channel_named("CGENERAL"), cards[0]["ts"])
        person.workspace.faults.set({"revoked": True})
        blind.reveal("b")
        await asyncio.sleep(0.2)  # some looks
        person.workspace.faults.set({"revoked": False})
        await person.sees_reply(opening["ts"], "Nobody voted")
