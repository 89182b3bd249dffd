"""The Swallow models of the hub, so that `swallow doctor --model` judges one before its download.

Of each what `config.json` says of its dimensions, as its model card and configuration give them.
Models that the fast engine does not run have `parameters` instead, and `active_parameters` where a
token passes through only some of them.
"""

from collections.abc import Mapping
from typing import Any

Config = dict[str, Any]

_LLAMA3_ROPE = {
    "rope_type": "llama3",
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}


def _decoder(
    model_type: str,
    dimensions: tuple[int, int, int, int, int],
    vocabulary: int,
    context: int,
    **more: Any,
) -> Config:
    """Return a configuration; the dimensions are layers, hidden and intermediate width, heads and
    heads of keys and values."""
    layers, hidden, intermediate, heads, kv_heads = dimensions
    return {
        "model_type": model_type,
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_attention_heads": heads,
        "num_key_value_heads": kv_heads,
        "vocab_size": vocabulary,
        "max_position_embeddings": context,
        **more,
    }


def _other(model_type: str, parameters: float, active: float | None = None) -> Config:
    return {
        "model_type": model_type,
        "parameters": parameters,
        "active_parameters": active or parameters,
    }


_8B = (32, 4096, 14336, 32, 8)
_70B = (80, 8192, 28672, 64, 8)

CONFIGS: Mapping[str, Config] = {
    "Swallow-7b": _decoder("llama", (32, 4096, 11008, 32, 32), 43_176, 4096),
    "Swallow-13b": _decoder("llama", (40, 5120, 13824, 40, 40), 43_176, 4096),
    "Swallow-70b": _decoder("llama", _70B, 43_176, 4096),
    "Swallow-MS-7b": _decoder("mistral", _8B, 42_800, 4096),
    "Swallow-MX-8x7b": _other("mixtral", 46.7e9, 12.9e9),
    "Llama-3-Swallow-8B": _decoder("llama", _8B, 128_256, 8192),
    "Llama-3-Swallow-70B": _decoder("llama", _70B, 128_256, 8192),
    "Llama-3.1-Swallow-8B": _decoder("llama", _8B, 128_256, 131_072, rope_scaling=_LLAMA3_ROPE),
    "Llama-3.1-Swallow-70B": _decoder("llama", _70B, 128_256, 131_072, rope_scaling=_LLAMA3_ROPE),
    "Llama-3.3-Swallow-70B": _decoder("llama", _70B, 128_256, 131_072, rope_scaling=_LLAMA3_ROPE),
    "Gemma-2-Llama-Swallow-2b": _other("gemma2", 2.6e9),
    "Gemma-2-Llama-Swallow-9b": _other("gemma2", 9.2e9),
    "Gemma-2-Llama-Swallow-27b": _other("gemma2", 27.2e9),
    "Qwen3-Swallow-8B": _decoder("qwen3", (36, 4096, 12288, 32, 8), 151_936, 40_960, head_dim=128),
    "Qwen3-Swallow-32B": _decoder("qwen3", (64, 5120, 25600, 64, 8), 151_936, 40_960, head_dim=128),
    "Qwen3-Swallow-30B-A3B": _decoder("qwen3_moe", (48, 2048, 6144, 32, 4), 151_936, 40_960)
    | {
        "head_dim": 128,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "moe_intermediate_size": 768,
        "norm_topk_prob": True,
    },
    "GPT-OSS-Swallow-20B": _other("gpt_oss", 20.9e9, 3.6e9),
    "GPT-OSS-Swallow-120B": _other("gpt_oss", 116.8e9, 5.1e9),
}
"""By the beginning of their names; `-Instruct-v0.5` and the like follow."""


def config_of(id: str) -> Config | None:
    """Return the configuration of an id like `tokyotech-llm/Swallow-7b-instruct-hf`, if known."""
    owner, _, name = id.partition("@")[0].rpartition("/")
    if owner != "tokyotech-llm":
        return None
    known = [start for start in CONFIGS if name == start or name.startswith(f"{start}-")]
    return CONFIGS[max(known, key=len)] if known else None
