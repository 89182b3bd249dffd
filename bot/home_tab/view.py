"""The whole Home tab of one person; blocking calls, so off the event loop."""

from typing import Any, get_args

from bot.bot import Bot
from bot.feedback.cards import heading
from bot.home_tab import rows, state
from bot.i18n.details.translated import detail_in
from bot.i18n.lookup import CATALOGUE, Language, say
from bot.questions.parse import split_options
from bot.slack.blocks import section
from bot.slack.incoming_text import without_markup, without_mention
from bot.slack.outgoing_text import moment, person, shortened
from tasks.asking.limits import asked_today
from tasks.audit import Outcome
from tasks.broker.job import Job
from tasks.feedback.store import Feedback

MOST_QUESTIONS = 10
MOST_LINES = 8
"""Lines of the audit log that are shown."""
_QUESTION_CHARACTERS = 90
_LINE_CHARACTERS = 160
OUTCOMES = get_args(Outcome)


def home_view(bot: Bot, user: str, language: Language, *, is_admin: bool) -> dict[str, Any]:
    """Return the view.

    Raises:
        RedisError: the broker is away.
    """
    every = Feedback(bot.jobs.redis).rows()
    own = [row for row in every if row.author == user][::-1]
    blocks = [
        section(_about(bot, language, has_rows=bool(own or (is_admin and every)))),
        *state.now(bot, language),
        *state.trainings(bot, language, is_admin=is_admin),
    ]
    if is_admin:
        blocks += rows.proposed([row for row in every if row.state == "proposed"], language)
        blocks += state.adapters(bot, language)
        blocks += _audit(bot, language)
    blocks += _questions(bot, user, language)
    if own or bot.task_settings.feedback == "on":
        blocks += rows.own(own, language)
    return {"type": "home", "blocks": blocks}


def _about(bot: Bot, language: Language, *, has_rows: bool) -> str:
    """Return how to ask, and how to teach where people can or where there is something taught."""
    about = say("home.about", language, bot=bot.name)
    if bot.task_settings.feedback == "on":
        return f"{about}\n{say('home.about_on', language)}"
    return f"{about}\n{say('home.about_off', language)}" if has_rows else about


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
    without = "home.only_files" if job.asked.get("files") else "home.no_words"
    text = shortened(line, _QUESTION_CHARACTERS) or say(without, language)
    where = job.destination
    place = say("home.direct", language) if where["dm"] else f"<#{where['channel']}>"
    done = say(f"home.state.{job.state}", language)
    return say("home.question", language, text=text, place=place, state=done)


def _audit(bot: Bot, language: Language) -> list[dict[str, Any]]:
    lines = [_audit_line(line, language) for line in bot.audit.last(MOST_LINES)]
    if not lines:
        return []
    return [heading(say("home.audit", language)), section("\n".join(lines))]


def _audit_line(line: dict[str, Any], language: Language) -> str:
    """Return a line of the log: what was done in the words of the commands, the rest in ours."""
    known = {key: str(line.get(key) or "") for key in ("time", "who", "action", "target")}
    words = " ".join(filter(None, (known["action"], known["target"])))
    outcome = str(line.get("outcome") or "")
    if outcome in OUTCOMES:
        outcome = say(f"home.outcome.{outcome}", language)
    ended = ": ".join(filter(None, (outcome, _reason(str(line.get("reason") or ""), language))))
    shown = (shortened(words, _LINE_CHARACTERS), shortened(ended, _LINE_CHARACTERS))
    return f"{moment(known['time'])} {person(known['who'])} {shown[0]} — {shown[1]}"


def _reason(reason: str, language: Language) -> str:
    """Return why something was not done; empty where the log has only the name of a sentence."""
    if f"home.refused.{reason}" in CATALOGUE:
        return say(f"home.refused.{reason}", language)
    if reason in CATALOGUE:  # with values that are not in the log
        return ""
    return detail_in(language, reason) if reason else ""
