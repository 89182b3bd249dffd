"""How a training looks in Slack while it waits and runs. Pure: nothing is posted here.

A snapshot is the data of a `progress` event: step, losses, speed and what else is known so far.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.i18n import units
from bot.i18n.lookup import Language, say
from bot.slack.blocks import Post, button, mrkdwn, plain_text, section
from bot.slack.outgoing_text import shortened

CANCEL_ACTION = "cancel_training"


@dataclass(frozen=True)
class Progress:
    """What is shown of a training.

    `waiting` is a sentence that says what it waits for, empty while it runs; `elapsed` is in
    seconds since its first attempt began.
    """

    job: str
    output: str
    user: str
    waiting: str = ""
    elapsed: float = 0.0
    snapshot: Mapping[str, Any] = field(default_factory=dict)


def share_of(snapshot: Mapping[str, Any]) -> float:
    """Return how much of a training is done, from 0 to 1."""
    steps = snapshot.get("steps") or 0
    if not steps:
        return 0.0
    return min(1.0, float((snapshot.get("step", 0) + (snapshot.get("part") or 0.0)) / steps))


def figures(snapshot: Mapping[str, Any], language: Language) -> list[str]:
    """Return step, losses and speed, as far as they are known."""
    words = []
    if snapshot.get("steps"):
        step, steps = units.count(snapshot.get("step", 0)), units.count(snapshot["steps"])
        words.append(say("training.step", language, step=step, steps=steps))
    for name in ("loss", "validation_loss"):
        if snapshot.get(name) is not None:
            words.append(say(f"training.{name}", language, loss=units.loss(snapshot[name])))
    if snapshot.get("tokens_per_second") is not None:
        speed = units.count(snapshot["tokens_per_second"])
        words.append(say("training.speed", language, speed=speed))
    return words


def progress_card(progress: Progress, language: Language) -> Post:
    """Return the message of a training that has not ended, with its button."""
    key = "training.title.waiting" if progress.waiting else "training.title"
    title = say(key, language, output=f"*{shortened(progress.output, 100)}*")
    lines = [progress.waiting] if progress.waiting else _running(progress, language)
    body = "\n".join([title, *lines])
    about = " · ".join(_about(progress, language))
    blocks = (
        section(body),
        {"type": "context", "block_id": "about", "elements": [mrkdwn(about)]},
        {"type": "actions", "block_id": "training", "elements": [_cancel(progress.job, language)]},
    )
    return Post(body, blocks)


def _running(progress: Progress, language: Language) -> list[str]:
    snapshot = progress.snapshot
    phase = snapshot.get("phase", "loading")
    share = share_of(snapshot)
    lines = [f"`{units.bar(share)}` {share:.0%}"]
    if phase in ("loading", "measuring", "evaluating"):
        lines.append(say(f"training.{phase}", language))
    if phase == "answering":
        lines.append(say("training.answering", language, **snapshot["answered"]))
    if phase == "memory":
        sizes = {name: f"{size / 1e9:.1f}" for name, size in snapshot["memory"].items()}
        lines.append(say("training.memory", language, **sizes))
    known = " · ".join(figures(snapshot, language))
    times = [say("training.elapsed", language, duration=units.duration(progress.elapsed, language))]
    if snapshot.get("seconds_left") is not None:
        left = units.duration(snapshot["seconds_left"], language)
        times.append(say("training.left", language, duration=left))
    lines += [line for line in (known, " · ".join(times)) if line]
    if snapshot.get("held"):
        lines.append(say("training.held", language))
    return lines


def _about(progress: Progress, language: Language) -> list[str]:
    words = [f"`{progress.job}`", say("training.by", language, user=progress.user)]
    if progress.snapshot.get("checkpoint_step"):
        step = units.count(progress.snapshot["checkpoint_step"])
        words.append(say("training.checkpoint", language, step=step))
    if (progress.snapshot.get("attempt") or 1) > 1:
        words.append(say("training.attempt", language, attempt=progress.snapshot["attempt"]))
    return words


def _cancel(job: str, language: Language) -> dict[str, Any]:
    confirm = {
        "title": plain_text(say("confirm.title", language)),
        "text": plain_text(say("confirm.text", language)),
        "confirm": plain_text(say("confirm.yes", language)),
        "deny": plain_text(say("confirm.no", language)),
        "style": "danger",
    }
    return {**button(CANCEL_ACTION, job, say("button.cancel", language)), "confirm": confirm}
