"""Tiny models with random weights, made in the test: real families in a few layers."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GptOssConfig,
    GptOssForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
)

VOCABULARY = 320

SHAPE: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "initializer_range": 0.1,
}

LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}

KINDS = ("llama2", "llama3", "mistral", "qwen3", "qwen3-tied")
KERNEL_KINDS = ("llama2", "llama3-48", "llama3-64", "mistral", "qwen3", "qwen3-tied")
"""Kinds whose matrices our kernels can compute: rows and columns in whole blocks."""
MIXTURE_KINDS = ("qwen3moe", "qwen3moe-summed")
"""Kinds with experts, which only our kernels compute."""
REFERENCE_KINDS = {"gemma2": "Gemma2ForCausalLM", "gpt_oss": "GptOssForCausalLM"}
"""Kinds that the fast engine cannot express, with their architecture's name."""


def write_tiny(folder: Path, kind: str, seed: int = 0) -> Path:
    """Write a model of `kind` with its tokenizer to `folder`."""
    torch.manual_seed(seed)
    model = _model(kind).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.copy_(1 + 0.1 * torch.randn_like(parameter))
    model.to(torch.bfloat16).save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return folder


def _model(kind: str) -> Any:
    if kind == "llama2":
        return LlamaForCausalLM(LlamaConfig(**SHAPE | {"num_key_value_heads": 4}))
    if kind == "narrow":  # every row is one group of 4-bit weights
        return LlamaForCausalLM(LlamaConfig(**SHAPE | {"hidden_size": 32, "intermediate_size": 64}))
    if kind.startswith("llama3"):  # another head width, tied embeddings, scaled rotary positions
        width = int(kind.partition("-")[2] or 40)
        return LlamaForCausalLM(
            LlamaConfig(
                **SHAPE, head_dim=width, tie_word_embeddings=True, rope_parameters=dict(LLAMA3_ROPE)
            )
        )
    if kind in MIXTURE_KINDS:
        return Qwen3MoeForCausalLM(
            Qwen3MoeConfig(
                **SHAPE,
                head_dim=48,
                moe_intermediate_size=192,
                num_experts=8,
                num_experts_per_tok=3,
                norm_topk_prob=kind == "qwen3moe",
            )
        )
    if kind.startswith("qwen3"):  # norms on heads, which are together wider than the model
        tied = kind == "qwen3-tied"
        return Qwen3ForCausalLM(
            Qwen3Config(
                **SHAPE,
                head_dim=64 if tied else 48,
                tie_word_embeddings=tied,
                rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
            )
        )
    if kind == "gemma2":
        return Gemma2ForCausalLM(Gemma2Config(**SHAPE, head_dim=32))
    if kind == "gpt_oss":
        return GptOssForCausalLM(GptOssConfig(**SHAPE, head_dim=32, num_local_experts=4))
    return MistralForCausalLM(MistralConfig(**SHAPE, head_dim=32, sliding_window=256))


def _tokenizer() -> Any:
    """Return a tokenizer in which every byte is a token."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: id for id, token in enumerate(["<s>", "</s>", *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>")
