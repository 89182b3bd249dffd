"""The best point of a training so far: the last of those where its checks were lowest.

It is a part of each checkpoint, so that a resumed training keeps and ends as an uninterrupted one.
This module does not know how the checks are measured.
"""

import math
from pathlib import Path
from typing import Any

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from trainer.model.lora import trained

FILE = "best.safetensors"
PATIENCE = 5
"""A training ends after so many measurements in a row that are worse than the best. While the
learning rate is high, a point now and then is worse than one before and better points follow."""
TIE = 0.02
"""Points whose losses differ by no more nats than this are equally good as far as so few checks can
tell, and the later one is better: its weights changed in smaller steps."""


class BestPoint:
    """The lowest loss that was measured, in nats per token, and the last point as good as that.

    That are the weights after `step` steps. `worse` counts the measurements since then.
    """

    def __init__(self) -> None:
        self.loss, self.step, self.worse = math.inf, 0, 0  # `loss` is the lowest, also of ties
        self._weights: list[Tensor] = []

    @property
    def passed(self) -> bool:
        """Whether it only gets worse, so that training is to end."""
        return self.worse >= PATIENCE

    def consider(self, model: Any, step: int, loss: float) -> None:
        """Take the point of `model` after `step` steps if its loss is as low as any so far."""
        if loss <= self.loss + TIE:
            self.loss, self.step, self.worse = min(self.loss, loss), step, 0
            self._weights = [parameter.detach().clone() for parameter in trained(model)]
        else:
            self.worse += 1

    def restore(self, model: Any) -> None:
        """Give `model` the weights of the best point, where there is one."""
        if self._weights:
            for parameter, weight in zip(trained(model), self._weights, strict=True):
                parameter.data.copy_(weight)

    def save(self, folder: Path) -> None:
        """Write the point into a checkpoint's folder."""
        if not self._weights:
            return
        tensors = {f"{index:05d}": one.contiguous() for index, one in enumerate(self._weights)}
        about = {"step": str(self.step), "loss": self.loss.hex(), "worse": str(self.worse)}
        save_file(tensors, folder / FILE, metadata=about)

    def load(self, folder: Path) -> None:
        """Read what `save` wrote, where it wrote anything."""
        file = folder / FILE
        if not file.exists():
            return
        with safe_open(file, "pt") as opened:
            about = opened.metadata()
        tensors = load_file(file)
        self._weights = [tensors[name] for name in sorted(tensors)]
        self.step, self.worse = int(about["step"]), int(about["worse"])
        self.loss = float.fromhex(about["loss"])
