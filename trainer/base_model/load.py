"""Loading a base model's configuration and weights with transformers.

It does not know where models are found, nor adapters, engines or settings. torch and transformers
are imported only when something is loaded.
"""

import logging
from pathlib import Path
from typing import Any

from trainer.base_model import gguf
from trainer.base_model.source import Source, not_loaded
from trainer.cpu import cpu_has_bf16

FP32_BELOW_PARAMETERS = 1_000_000_000
"""Smaller models stay in fp32: with the 8 significant bits of bf16 their greedy answers change
(SmolLM2-135M no longer says "50 Cent"), and in fp32 they are fast enough."""


def load_config(source: Source, *, cache: Path | None = None) -> Any:
    """Load the configuration of `source`, without any weights.

    Raises:
        ModelMissing: its files are not on this machine and could not be fetched.
    """
    from transformers import AutoConfig

    return from_pretrained(AutoConfig, source, cache)


def load_model(source: Source, *, dtype: Any | None = None, cache: Path | None = None) -> Any:
    """Load the weights of `source` for the CPU, in evaluation mode.

    `dtype` is a torch.dtype; None means bf16 where the CPU multiplies it in hardware and the model
    has at least a billion parameters, else fp32. `cache` is a folder where an unpacked GGUF file is
    kept, so that it is unpacked only once.

    Raises:
        ModelMissing: its files are not on this machine and could not be fetched.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if dtype is None:
        large = _parameters(source, cache) >= FP32_BELOW_PARAMETERS
        dtype = torch.bfloat16 if large and cpu_has_bf16() else torch.float32
    model = from_pretrained(AutoModelForCausalLM, source, cache, dtype=dtype)
    return model.eval()


def linear_shapes(source: Source, *, cache: Path | None = None) -> dict[str, tuple[int, ...]]:
    """Return the shapes [out, in] of the model's linear layers by their names; loads no weights.

    Raises:
        ModelMissing: its files are not on this machine and could not be fetched.
    """
    import torch

    return {
        name: tuple(module.weight.shape)
        for name, module in _without_weights(source, cache).named_modules()
        if isinstance(module, torch.nn.Linear)
    }


def _parameters(source: Source, cache: Path | None) -> int:
    return sum(parameter.numel() for parameter in _without_weights(source, cache).parameters())


def _without_weights(source: Source, cache: Path | None) -> Any:
    """Return the model, built without memory for its weights."""
    import torch
    from transformers import AutoModelForCausalLM

    config = load_config(source, cache=cache)
    with torch.device("meta"):
        return AutoModelForCausalLM.from_config(config)


def from_pretrained(kind: Any, source: Source, cache: Path | None, **options: Any) -> Any:
    """Return what `kind`, one of transformers' Auto classes, loads from `source`.

    With a `cache` folder a GGUF file is unpacked there and loaded from there.

    Raises:
        ModelMissing: its files are not on this machine and could not be fetched.
    """
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # it would be printed into the answer
    # Without this each failed request to the hub prints a warning; the error below says it once.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        if source.gguf and cache is not None:
            file = Path(source.path, source.gguf)
            without = gguf.is_large(file) and "dtype" not in options  # no weights are loaded then
            folder = (gguf.described if without else gguf.unpacked)(file, cache)
            return kind.from_pretrained(str(folder), **options)
        if source.gguf:
            if "dtype" in options:
                options["quantization_config"] = gguf.dequantised()
            return kind.from_pretrained(source.path, gguf_file=source.gguf, **options)
        if source.revision:
            options["revision"] = source.revision
        return kind.from_pretrained(source.path, **options)
    except (OSError, ValueError, ImportError) as error:  # of a package for quantised checkpoints
        raise not_loaded(source, error) from error
