"""Which milestones a training has reached, each as its name and its sentence.

Pure; `bot.delivery.milestones` posts each name once. A snapshot is the data of a `progress` event.
"""

from collections.abc import Mapping
from typing import Any

from bot.i18n.lookup import Language, say
from bot.trainings.progress_card import figures

QUARTERS = (25, 50, 75)


def start_milestone(
    attempt: int, snapshot: Mapping[str, Any], language: Language
) -> tuple[str, str]:
    """Return the milestone of an attempt that begins: the first, resumed, or from scratch."""
    step = snapshot.get("resumed_step")
    if step is not None:
        return f"resumed-{attempt}", say("milestone.resumed", language, step=step)
    if attempt > 1:
        return f"again-{attempt}", say("milestone.again", language)
    return "started", say("milestone.started", language)


def quarter_milestone(
    percent: int, snapshot: Mapping[str, Any], language: Language
) -> tuple[str, str]:
    """Return the milestone of `percent` of the steps."""
    known = ("、" if language == "ja" else ", ").join(figures(snapshot, language))
    return quarter_name(percent), say("milestone.quarter", language, percent=percent, figures=known)


def quarter_name(percent: int) -> str:
    """Return the name of a quarter's milestone."""
    return f"quarter-{percent}"


def quarters_reached(step: int | None, steps: int) -> list[int]:
    """Return the quarters, in percent, that `step` finished steps of `steps` have reached.

    None are reached at the last step: the end has a message of its own.
    """
    if not steps or step is None:
        return []
    return [percent for percent in QUARTERS if step * 100 >= percent * steps and step < steps]
