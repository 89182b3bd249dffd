"""From a shortcut's payload to the stored job of its answer.

The id is derived from the trigger, which each use of a shortcut has its own of: a payload that
comes twice is the same question. Every function is called off the event loop.
"""

from collections.abc import Mapping
from typing import Any

from bot.bot import Bot
from bot.errors import CannotAct
from bot.i18n.lookup import Language
from bot.shortcuts.wanted import Wanted
from bot.slack.actor import Actor
from bot.slack.incoming_text import without_bullets, without_markup, without_mention
from tasks.asking.subjects import Subject, Subjects
from tasks.broker.job import asker_of
from tasks.broker.job_id import job_id


def id_of(body: Mapping[str, Any]) -> str:
    """Return the id of the question that a shortcut's payload asks."""
    message = body["message"]
    return job_id("shortcut", str(body.get("trigger_id") or ""), str(message["ts"]))


def subject_of(bot: Bot, actor: Actor, body: Mapping[str, Any]) -> Subject:
    """Return the message on which a shortcut was used.

    Raises:
        CannotAct: it says nothing.
    """
    message = body["message"]
    text = str(message.get("text") or "")
    if message.get("user") == bot.user:
        text = without_bullets(text)
    text = without_markup(without_mention(text, bot.user)).strip()
    if not text:
        raise CannotAct("shortcut.no_words")
    return Subject(
        author=actor.user,
        channel=actor.channel,
        ts=str(message["ts"]),
        thread_ts=actor.thread_ts,
        writer=str(message.get("user") or ""),
        text=text,
    )


def keep_subject(bot: Bot, id: str, subject: Subject) -> None:
    """Store what a question will be about.

    Raises:
        RedisError: the broker is away.
    """
    Subjects(bot.jobs.redis).keep(id, subject, bot.jobs.keep_ms)


def ask(bot: Bot, team: str, id: str, wanted: Wanted, subject: Subject, language: Language) -> bool:
    """Store the job of a question, once; False where it is stored already.

    Raises:
        RedisError: the broker is away.
    """
    stored = bot.jobs.create(
        id,
        "answer",
        destination={
            "team": team,
            "channel": subject.channel,
            "ts": subject.ts,
            "thread_ts": subject.thread_ts or subject.ts,
            "user": subject.author,
            "dm": subject.channel.startswith("D"),
            "form": wanted.how,
        },
        asked=wanted.asked(language),
    )
    return stored != "repeat"


def ask_about(
    bot: Bot, actor: Actor, id: str, question: str, scope: str, language: Language
) -> tuple[Wanted, Subject]:
    """Store the job of a question that was written in the form `id`, once; returns what it asks.

    Raises:
        CannotAct: the form is not theirs, or too old.
        RedisError: the broker is away.
    """
    subject = Subjects(bot.jobs.redis).get(id)
    if subject is None or subject.author != actor.user:
        raise CannotAct("shortcut.late")
    whole = scope == "thread" and bool(subject.thread_ts)
    wanted = Wanted("ask", "thread" if whole else "message", question=question)
    ask(bot, actor.team, id, wanted, subject, language)
    return wanted, subject


def choose(bot: Bot, actor: Actor, id: str, value: str, at: str) -> bool:
    """Ask the question of a form anew with another choice, made at `at` by Slack's clock.

    False where nothing changes: it is chosen already, or was chosen later. Raises as `ask_about`.
    """
    job = bot.jobs.get(id)
    if job is None or "shortcut" not in job.asked or asker_of(job.destination) != actor.user:
        raise CannotAct("shortcut.late")
    wanted = Wanted.of(job).choosing(value)
    if wanted is None:
        return False
    asked = {**wanted.asked(bot.language_of_job(job)), "edited": at}
    return bot.jobs.revise(id, asked, at)
