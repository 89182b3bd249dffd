"""Sampling defaults, which come with the model."""

from typing import Any

from tasks.engines.protocol import Sampling
from trainer.base_model.source import SMALL_MODEL


def default_sampling(model: str, generation_config: Any) -> Sampling:
    """Return the sampling that `model` was made for.

    Swallow 7B, 13B and 70B: that of their instruction-tuning recipe. The small model: greedy, so
    that the demonstration gives the same answers each time. Others, like Qwen3-Swallow: their
    `generation_config`, which may be None.
    """
    if model == SMALL_MODEL:
        return Sampling()
    if model.lower().startswith("swallow"):
        return Sampling(temperature=0.99, top_p=0.95)
    if not getattr(generation_config, "do_sample", False):
        return Sampling()
    return Sampling(
        temperature=float(getattr(generation_config, "temperature", None) or 1.0),
        top_p=float(getattr(generation_config, "top_p", None) or 1.0),
        top_k=int(getattr(generation_config, "top_k", None) or 0),
    )
