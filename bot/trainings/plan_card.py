"""How a training's plan looks in Slack. Pure: nothing is posted here."""

from collections.abc import Mapping
from typing import Any

from bot.i18n import units
from bot.i18n.lookup import CATALOGUE, Language, say
from bot.slack.blocks import Post, button, mrkdwn, section
from bot.slack.outgoing_text import escape, shortened
from bot.trainings.plan_decision import Decision

START_ACTION, DISCARD_ACTION = "start_training", "discard_plan"

AT_ONCE_SECONDS = 3600
"""A training that is known to take no longer than this starts without a button."""

_FIELD_CHARACTERS = 1900
"""The most characters of a field; Slack allows 2,000."""

_TEXT_CHARACTERS = 3900
"""The most characters of the message's text; Slack allows about 4,000."""


def starts_at_once(plan: Mapping[str, Any]) -> bool:
    """Tell whether the training is known to be short."""
    seconds = plan.get("seconds")
    return seconds is not None and seconds <= AT_ONCE_SECONDS


def plan_card(
    plan: Mapping[str, Any], language: Language, *, note: str = "", ask_for: str = ""
) -> Post:
    """Return the message of a plan.

    With `ask_for`, the id of the plan's job, it has buttons that ask for a decision; `note` is a
    sentence for its end, such as the decision.
    """
    title = say("plan.title", language, output=f"*{escape(str(plan['output']))}*")
    fields = [_fitting(text) for text in _fields(plan, language)]
    last = "\n".join([*_left_out(plan, language), *([note] if note else [])])
    blocks = [section(title), {"type": "section", "fields": [mrkdwn(field) for field in fields]}]
    if last:
        blocks.append(section(last))
    if ask_for:
        blocks.append(
            {"type": "actions", "block_id": "plan", "elements": _buttons(ask_for, language)}
        )
    text = "\n".join([title, *(_on_one_line(field) for field in fields), *([last] if last else [])])
    return Post(text[:_TEXT_CHARACTERS], tuple(blocks))


def decision_sentence(decision: Decision, language: Language) -> str:
    """Return who started or discarded a plan."""
    return say(f"plan.{decision.what}_by", language, user=decision.by)


def _fitting(text: str) -> str:
    return text if len(text) <= _FIELD_CHARACTERS else text[: _FIELD_CHARACTERS - 1] + "…"


def _fields(plan: Mapping[str, Any], language: Language) -> list[str]:
    counted = {
        name: units.count(plan.get(name) or 0)
        for name in ("rows", "tokens", "steps", "epochs", "batch_size", "validation_rows")
    }
    named = {
        name: shortened(str(plan.get(name) or "?"), 300)
        for name in ("data", "output", "model", "style", "precision")
    }
    return [
        say("plan.data", language, data=named["data"]),
        say("plan.rows", language, rows=counted["rows"], validation=counted["validation_rows"]),
        say("plan.tokens", language, tokens=counted["tokens"]),
        say(
            "plan.steps",
            language,
            steps=counted["steps"],
            epochs=counted["epochs"],
            batch=counted["batch_size"],
        ),
        _duration(plan, language),
        _memory(plan, language),
        say("plan.output", language, output=named["output"]),
        say(
            "plan.model",
            language,
            model=named["model"],
            style=named["style"],
            precision=named["precision"],
        ),
    ]


def _duration(plan: Mapping[str, Any], language: Language) -> str:
    seconds = plan.get("seconds")
    if seconds is None:
        return say("plan.duration_unknown", language)
    return say("plan.duration", language, duration=units.duration(seconds, language))


def _memory(plan: Mapping[str, Any], language: Language) -> str:
    needed, free = plan.get("memory_bytes") or 0, plan.get("memory_available_bytes") or 0
    key = "plan.memory_short" if free and needed > free else "plan.memory"
    return say(key, language, memory=units.size(needed), available=units.size(free))


def _left_out(plan: Mapping[str, Any], language: Language) -> list[str]:
    lines = []
    if plan.get("dropped"):
        reasons = ", ".join(
            say("plan.reason", language, why=_why(why, language), count=units.count(count))
            for why, count in (plan.get("dropped_reasons") or {}).items()
        )
        dropped = units.count(plan["dropped"])
        lines.append(say("plan.dropped", language, dropped=dropped, reasons=reasons))
    cutoff = plan.get("cutoff") or 0
    if plan.get("cut"):
        cut = units.count(plan["cut"])
        lines.append(say("plan.cut", language, cut=cut, cutoff=units.count(cutoff)))
    if (plan.get("keeping_cutoff") or 0) > cutoff:
        # Typed as it is shown, so without a comma.
        lines.append(say("plan.keeping_cutoff", language, cutoff=plan["keeping_cutoff"]))
    if plan.get("replayed"):
        lines.append(say("plan.replayed", language, rows=units.count(plan["replayed"])))
    return lines


def _why(why: str, language: Language) -> str:
    """Return why rows were left out: the catalogue's sentence, or the trainer's words if none."""
    key = f"dropped.{why}"
    return say(key, language) if key in CATALOGUE else shortened(why, 200)


def _buttons(job: str, language: Language) -> list[dict[str, Any]]:
    return [
        button(START_ACTION, job, say("button.start", language), style="primary"),
        button(DISCARD_ACTION, job, say("button.discard", language)),
    ]


def _on_one_line(field: str) -> str:
    label, _, value = field.partition("\n")
    return f"{label.strip('*')}: {value}"
