"""Sampling defaults, which come with the model."""

from typing import Any

from tasks.engines.protocol import Sampling
from trainer.base_model.source import SMALL_MODEL


def defaults_of(model: str, generation_config: Any) -> Sampling:
    """Return how `model` wants its tokens drawn.

    Swallow: what its instruction-tuning recipe samples with. The small model: greedy, so that the
    demonstration says the same each time. Others: their own generation configuration.
    """
    if model == SMALL_MODEL:
        return Sampling()
    if "swallow" in model.lower():
        return Sampling(temperature=0.99, top_p=0.95)
    if not getattr(generation_config, "do_sample", False):
        return Sampling()
    return Sampling(
        temperature=float(getattr(generation_config, "temperature", None) or 1.0),
        top_p=float(getattr(generation_config, "top_p", None) or 1.0),
    )
