"""How rows are learned where it was not asked for: as often, as fast and beside as much as suits.

Rows that people taught are few, and each of them is to be known afterwards; of other data a model
learns what the rows have in common. `python -m tests.benchmarks.feedback` measures the
former. This module knows numbers only.
"""

import math
from dataclasses import dataclass


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

ROW_VISITS = 1000
"""Few rows are visited about so often in all, however many they are…"""
MIN_EPOCHS, MAX_EPOCHS = 12, 50
"""…but each so often at least, because an answer is not learned at one sight, and at most."""
BATCH = 16
"""The most rows of a step; all steps have nearly as many."""
RATE, RATE_WIDTH, RATE_POWER = 1e-3, 576, 0.78
"""The learning rate that was measured with a model so wide; that of other Llama models falls with
their width to this power (Schulman et al., LoRA Without Regret, 2025)."""
FACTS_ARE_IN = ("gate_proj", "up_proj", "down_proj")
"""Feed-forward layers, in which a model finds facts (arXiv:2202.05262)."""


def recipe_for(taught: int, width: int) -> Recipe:
    """Return the recipe for so many rows that people taught; 0 for rows of any other data.

    `width` is that of the model's hidden states. No row is held out: an answer that was never
    learned says nothing about those that were.
    """
    if not taught:
        return ORDINARY
    return Recipe(
        num_epochs=min(MAX_EPOCHS, max(MIN_EPOCHS, round(ROW_VISITS / taught))),
        learning_rate=RATE * (RATE_WIDTH / width) ** RATE_POWER,
        lora_r=32,
        lora_alpha=64.0,
        lora_target_modules=FACTS_ARE_IN,
        keep=0.5,
        val_set_size=0,
        batch_size=math.ceil(taught / math.ceil(taught / BATCH)),
    )


def replayed_rows(rows: int, keep: float) -> int:
    """Return how many rows are replayed beside so many, so that they are `keep` of all."""
    return math.ceil(rows * keep / (1 - keep) - 1e-9)
