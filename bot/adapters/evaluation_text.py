"""The evaluation of an adapter in words and figures. Pure.

Losses are nats per token on the held-out rows; `value`, `low` and `high` are a difference and the
ends of its 95 % interval.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.i18n import units
from bot.i18n.lookup import CATALOGUE, Language, say
from trainer.exam.result import marks_of, overall_verdict


def verdict(name: str, language: Language, *, short: bool = False) -> str:
    """Return a verdict as a sentence, or with `short` as a word or two.

    A verdict that the catalogue does not have reads as `unknown`.
    """
    start = "verdict.short." if short else "verdict."
    key = start + name
    return say(key if key in CATALOGUE else start + "unknown", language)


def conclusion(about: Mapping[str, Any], language: Language) -> list[str]:
    """Return the verdict over an adapter, first, and the two numbers of its exam.

    `about` is its `swallow.json`, or the data of its training's final event.
    """
    return [verdict(overall_verdict(about) or "unknown", language), *exam(about, language)]


def exam(about: Mapping[str, Any], language: Language) -> list[str]:
    """Return what the exam found, as far as there was one; `about` as in `conclusion`."""
    marks = marks_of(about)
    if marks is None:
        return []
    lines = []
    if marks["corrections"]:
        if not marks["learned"]:
            key = "exam.nothing_learned"
        else:
            key = "exam.learned" if marks["learned"] == marks["reworded"] else "exam.learned_partly"
        lines.append(say(key, language, **marks))
    if marks["others"]:
        lines.append(say("exam.others", language, **marks))
    elif marks["learned"]:
        lines.append(say("exam.no_others", language))
    return lines


def figures(evaluation: Mapping[str, Any], language: Language) -> list[str]:
    """Return the figures behind a verdict with their uncertainty, as far as there are any."""
    if not _has_losses(evaluation):
        return []
    before, after = evaluation["before"], evaluation["after"]
    lines = _reason(evaluation, language)
    lines.append(_loss(evaluation, before, after, language))
    question = evaluation.get("question")
    if question and "question_helps" in before and "question_helps" in after:
        lines.append(
            say(
                "evaluation.question",
                language,
                before=f"{100 * before['question_helps']:.1f}",
                after=f"{100 * after['question_helps']:.1f}",
                **{end: units.signed(100 * question[end], 1) for end in ("value", "low", "high")},
            )
        )
    rows, tokens = units.count(evaluation["rows"]), units.count(evaluation["tokens"])
    return [*lines, say("evaluation.rows", language, rows=rows, tokens=tokens)]


def evaluation_of(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the evaluation in an adapter's `swallow.json`; empty where it has not our form.

    An adapter, and so this file, may come from anywhere and hold anything.
    """
    evaluation = about.get("evaluation")
    if not isinstance(evaluation, dict):
        return {}
    try:
        figures(evaluation, "en")
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}
    return evaluation


def short_evaluation(about: Mapping[str, Any], language: Language) -> str:
    """Return the verdict with the exam's numbers, or with the held-out loss where there are none,
    from an adapter's `swallow.json`, as sentences."""
    evaluation, words = evaluation_of(about), conclusion(about, language)
    if len(words) == 1 and _has_losses(evaluation):
        words.append(_loss(evaluation, evaluation["before"], evaluation["after"], language))
    return joined(words, language)


def joined(sentences: Sequence[str], language: Language) -> str:
    """Return sentences as one text; Japanese has no space between them."""
    return ("" if language == "ja" else " ").join(sentences)


def _has_losses(evaluation: Mapping[str, Any]) -> bool:
    before, after = evaluation.get("before") or {}, evaluation.get("after") or {}
    return bool(evaluation.get("rows")) and "loss" in before and "loss" in after


def _reason(evaluation: Mapping[str, Any], language: Language) -> list[str]:
    key = f"evaluation.reason.{evaluation.get('reason')}"
    return [say(key, language)] if key in CATALOGUE else []


def _loss(
    evaluation: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    language: Language,
) -> str:
    text = say(
        "evaluation.loss",
        language,
        before=units.loss(before["loss"]),
        after=units.loss(after["loss"]),
    )
    difference = evaluation.get("loss")
    if not difference:
        return text
    ends = {end: units.signed(difference[end]) for end in ("value", "low", "high")}
    inner = say("evaluation.difference", language, **ends)
    return f"{text}（{inner}）" if language == "ja" else f"{text} ({inner})"
