"""Which milestones a training has reached, as names and sentences. Pure.

Each name is said once in a training's life, see `bot.delivery.milestones`.
"""

from collections.abc import Mapping
from typing import Any

from bot.i18n.catalogue import Language, say
from bot.trainings.progress_card import figures

QUARTERS = (25, 50, 75)


def of_start(attempt: int, snapshot: Mapping[str, Any], language: Language) -> tuple[str, str]:
    """Return the milestone of an attempt that has begun to train: started, resumed, or again."""
    step = snapshot.get("resumed_step")
    if step is not None:
        return f"resumed-{attempt}", say("milestone.resumed", language, step=step)
    if attempt > 1:
        return f"again-{attempt}", say("milestone.again", language)
    return "started", say("milestone.started", language)


def of_quarter(percent: int, snapshot: Mapping[str, Any], language: Language) -> tuple[str, str]:
    """Return the milestone of a quarter of the steps."""
    known = ", ".join(figures(snapshot, language))
    return quarter(percent), say("milestone.quarter", language, percent=percent, figures=known)


def quarter(percent: int) -> str:
    """Return the name of a quarter's milestone."""
    return f"quarter-{percent}"


def quarters_reached(step: int | None, steps: int) -> list[int]:
    """Return the quarters, in percent, that `step` finished steps of `steps` have passed."""
    if not steps or step is None:
        return []
    return [percent for percent in QUARTERS if step * 100 >= percent * steps and step < steps]
