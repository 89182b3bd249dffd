"""How rows are learned where it was not asked for: as often, as fast and beside as much as suits.

Rows that people taught are few, and each of them is to be known afterwards; of other data a model
learns what the rows have in common. `python -m tests.benchmarks.feedback` measures the
former. This module knows numbers only.
"""

import math
from dataclasses import dataclass

from trainer.adapters.adapter import PROJECTIONS


@dataclass(frozen=True)
class Recipe:
    """Values for options of these names; None is decided otherwise."""

    num_epochs: int
    learning_rate: float
    lora_r: int
    lora_alpha: float
    lora_target_modules: tuple[str, ...]
    keep: float
    val_set_size: int
    batch_size: int | None


ORDINARY = Recipe(
    num_epochs=1,
    learning_rate=3e-4,
    lora_r=8,
    lora_alpha=16.0,
    lora_target_modules=("q_proj", "v_proj"),
    keep=0.0,
    val_set_size=200,
    batch_size=None,
)

ROW_VISITS = 240
"""Few rows are visited about so often in all, however many they are…"""
MIN_EPOCHS, MAX_EPOCHS = 6, 40
"""…but each so often at least, because an answer is not learned at one sight, and at most."""


def recipe_for(taught: int) -> Recipe:
    """Return the recipe for so many rows that people taught; 0 for rows of any other data.

    None of them is held out: an answer that was never learned says nothing about those that were.
    """
    if not taught:
        return ORDINARY
    return Recipe(
        num_epochs=min(MAX_EPOCHS, max(MIN_EPOCHS, round(ROW_VISITS / taught))),
        learning_rate=7e-4,
        lora_r=16,
        lora_alpha=32.0,
        lora_target_modules=PROJECTIONS,
        keep=0.5,
        val_set_size=0,
        batch_size=8 if taught <= 100 else 16,
    )


def replayed_rows(rows: int, keep: float) -> int:
    """Return how many replayed rows an epoch has, so that `keep` of all its rows are replayed."""
    return math.ceil(rows * keep / (1 - keep) - 1e-9)
