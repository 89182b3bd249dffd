"""The loss curve as a PNG: each step's loss, its running mean, the held-out loss.

This module knows numbers only, not models or where they come from.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def draw(history: Sequence[dict[str, Any]], file: Path, title: str) -> None:
    """Draw `history` to `file`; `title` is shown in ASCII, as matplotlib's font has no kana.

    Each entry has a `step`, and a `loss` or a `validation_loss` in nats per label token.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    trained = [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]
    held_out = [
        (one["step"], one["validation_loss"]) for one in history if "validation_loss" in one
    ]
    if trained:
        steps, losses = zip(*trained, strict=True)
        axes.plot(
            steps, losses, color="tab:blue", alpha=0.3, linewidth=1, label="training, by step"
        )
        axes.plot(steps, _smooth(losses), color="tab:blue", label="training, running mean")
    if held_out:
        axes.plot(*zip(*held_out, strict=True), "o-", color="tab:orange", label="held out")
    axes.set_xlabel("step")
    axes.set_ylabel("loss (nats per label token)")
    axes.set_title(title.encode("ascii", "replace").decode())
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(file, format="png")


def _smooth(losses: Sequence[float]) -> list[float]:
    """Return the mean over the last twentieth of all steps, at each step."""
    window = max(1, len(losses) // 20)
    return [
        sum(losses[max(0, end - window) : end]) / len(losses[max(0, end - window) : end])
        for end in range(1, len(losses) + 1)
    ]
