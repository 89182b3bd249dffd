"""The loss curve as a PNG: each step, running mean, held-out loss. Knows only numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def draw(history: Sequence[dict[str, Any]], file: Path, title: str) -> None:
    """Draw `history`, entries of step with loss or validation_loss (nats per token), to `file`."""
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
    window = max(1, len(losses) // 20)
    return [
        sum(losses[max(0, end - window) : end]) / len(losses[max(0, end - window) : end])
        for end in range(1, len(losses) + 1)
    ]
