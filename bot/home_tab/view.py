"""The whole Home tab of one person; blocking calls, so off the event loop."""

from typing import Any

from bot.bot import Bot
from bot.feedback.cards import heading
from bot.home_tab import rows, state
from bot.i18n.lookup import Language, say
from bot.questions.parse import split_options
from bot.slack.blocks import section
from bot.slack.incoming_text import without_markup, without_mention
from bot.slack.outgoing_text import escape, person, shortened
from tasks.asking.limits import asked_today
from tasks.broker.job import Job
from tasks.feedback.store import Feedback

MOST_QUESTIONS = 10
MOST_LINES = 8
"""Lines of the audit log that are shown."""
_QUESTION_CHARACTERS = 90
_LINE_CHARACTERS = 160


def home_view(bot: Bot, user: str, language: Language, *, is_admin: bool) -> dict[str, Any]:
    """Return the view.

    Raises:
        RedisError: the broker is away.
    """
    every = Feedback(bot.jobs.redis).rows()
    own = [row for row in every if row.author == user][::-1]
    collects = "on" if bot.task_settings.feedback == "on" else "off"
    blocks = [
        section(say(f"home.about_{collects}", language, bot=bot.name)),
        *state.now(bot, language),
        *state.trainings(bot, language, is_admin=is_admin),
    ]
    if is_admin:
        blocks += rows.proposed([row for row in every if row.state == "proposed"], language)
        blocks += state.adapters(bot, language)
        blocks += _audit(bot, language)
    blocks += _questions(bot, user, language)
    blocks += rows.own(own, language)
    return {"type": "home", "blocks": blocks}


def _questions(bot: Bot, user: str, language: Language) -> list[dict[str, Any]]:
    """Return the questions that a person has asked within a day, the newest first."""
    ids = asked_today(bot.jobs.redis, user)
    found = [bot.jobs.get(id) for id in ids[:MOST_QUESTIONS]]
    asked = [job for job in found if job is not None and "follows" not in job.asked]
    lines = [_question(bot, job, language) for job in asked]
    if not lines:
        return []
    return [heading(say("home.questions", language)), section("\n".join(lines))]


def _question(bot: Bot, job: Job, language: Language) -> str:
    asked = split_options(without_mention(str(job.asked.get("text") or ""), bot.user))[0]
    line = " ".join(without_markup(asked).split())
    text = shortened(line, _QUESTION_CHARACTERS) or say("home.no_words", language)
    where = job.destination
    place = say("home.direct", language) if where["dm"] else f"<#{where['channel']}>"
    done = say(f"home.state.{job.state}", language)
    return say("home.question", language, text=text, place=place, state=done)


def _audit(bot: Bot, language: Language) -> list[dict[str, Any]]:
    lines = [_audit_line(line) for line in bot.audit.last(MOST_LINES)]
    if not lines:
        return []
    return [heading(say("home.audit", language)), section("\n".join(lines))]


def _audit_line(line: dict[str, Any]) -> str:
    """Return a line in the words of the log, which are those of the commands."""
    known = {key: str(line.get(key) or "") for key in ("time", "who", "action", "target")}
    words = " ".join(filter(None, (known["action"], known["target"])))
    ended = " ".join(filter(None, (str(line.get("outcome", "")), str(line.get("reason") or ""))))
    shown = (shortened(words, _LINE_CHARACTERS), shortened(ended, _LINE_CHARACTERS))
    when, who = escape(known["time"][:16].replace("T", " ")), person(known["who"])
    return f"`{when}` {who} {shown[0]} — {shown[1]}"
