"""Which configurations become graphs, and what is said of the others."""

from typing import Any

import pytest
import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from tasks.engines.openvino.convert.architecture import Experts, read_architecture
from tasks.engines.openvino.convert.precision import choose_precision, suits_kernels
from tasks.errors import ModelUnsupported
from trainer.adapters.adapter import PROJECTIONS

SWALLOW: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "max_position_embeddings": 4096,
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 32,
    "rms_norm_eps": 1e-5,
    "rope_scaling": None,
    "tie_word_embeddings": False,
    "vocab_size": 43176,
}
LLAMA31_SWALLOW_8B: dict[str, Any] = SWALLOW | {
    "head_dim": 128,
    "intermediate_size": 14336,
    "max_position_embeddings": 131072,
    "num_key_value_heads": 8,
    "rope_scaling": {
        "factor": 8.0,
        "high_freq_factor": 4.0,
        "low_freq_factor": 1.0,
        "original_max_position_embeddings": 8192,
        "rope_type": "llama3",
    },
    "rope_theta": 500_000.0,
    "vocab_size": 128256,
}
LLAMA33_SWALLOW_70B: dict[str, Any] = LLAMA31_SWALLOW_8B | {
    "hidden_size": 8192,
    "intermediate_size": 28672,
    "num_attention_heads": 64,
    "num_hidden_layers": 80,
}

QWEN3_SWALLOW_8B: dict[str, Any] = {
    "architectures": ["Qwen3ForCausalLM"],
    "attention_bias": False,
    "head_dim": 128,
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 12288,
    "max_position_embeddings": 40960,
    "max_window_layers": 36,
    "model_type": "qwen3",
    "num_attention_heads": 32,
    "num_hidden_layers": 36,
    "num_key_value_heads": 8,
    "rms_norm_eps": 1e-6,
    "rope_scaling": None,
    "rope_theta": 1_000_000,
    "sliding_window": None,
    "tie_word_embeddings": False,
    "use_sliding_window": False,
    "vocab_size": 151936,
}
"""As Qwen3 8B has them, which Qwen3-Swallow 8B continues."""

QWEN3_SWALLOW_30B_A3B: dict[str, Any] = QWEN3_SWALLOW_8B | {
    "architectures": ["Qwen3MoeForCausalLM"],
    "decoder_sparse_step": 1,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "max_window_layers": 48,
    "mlp_only_layers": [],
    "model_type": "qwen3_moe",
    "moe_intermediate_size": 768,
    "norm_topk_prob": True,
    "num_experts": 128,
    "num_experts_per_tok": 8,
    "num_hidden_layers": 48,
    "num_key_value_heads": 4,
}
"""As Qwen3 30B-A3B has them."""


def test_swallow_7b_is_understood() -> None:
    architecture = read_architecture(SWALLOW)

    assert (architecture.head_dim, architecture.context_length) == (128, 4096)
    assert architecture.parameters == 6_829_703_168
    assert architecture.matrices["lm_head"] == (43176, 4096)


def test_qwen3_swallow_8b_is_understood() -> None:
    architecture = read_architecture(QWEN3_SWALLOW_8B)

    assert architecture.context_length == 40960
    assert architecture.parameters == 8_190_427_136
    assert architecture.norms["model.layers.35.self_attn.k_norm"] == 128
    assert len(architecture.norms) == 36 * 4 + 1
    assert architecture.inverse_frequencies[1] == pytest.approx(1e6 ** (-2 / 128))


@pytest.mark.parametrize("count", ["num_experts", "num_local_experts"])
def test_qwen3_swallow_30b_a3b_is_understood(count: str) -> None:
    config = {**QWEN3_SWALLOW_30B_A3B}
    config[count] = config.pop("num_experts")
    architecture = read_architecture(config)

    assert architecture.parameters == 30_519_328_768
    assert architecture.experts == Experts(128, 8, 768, normalised=True)
    assert list(architecture.linears) == [f"self_attn.{which}_proj" for which in "qkvo"]
    assert architecture.tensors["model.layers.47.mlp.experts.127.down_proj"] == (2048, 768)
    assert architecture.tensors["model.layers.0.mlp.gate"] == (128, 2048)
    assert architecture.matrices["model.layers.0.mlp.experts.up_proj"] == (128 * 768, 2048)
    assert suits_kernels(architecture, choose_precision(architecture, "auto"))


@pytest.mark.parametrize("change", [{"mlp_only_layers": [0]}, {"decoder_sparse_step": 2}])
def test_experts_in_some_blocks_only_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ModelUnsupported, match="not all of its blocks have experts"):
        read_architecture(QWEN3_SWALLOW_30B_A3B | change)


def test_its_linear_layers_are_those_an_adapter_may_change() -> None:
    names = [name.rpartition(".")[2] for name in read_architecture(SWALLOW).linears]

    assert names == list(PROJECTIONS)


@pytest.mark.parametrize(
    ("config", "parameters"),
    [(LLAMA31_SWALLOW_8B, 8_029_995_008), (LLAMA33_SWALLOW_70B, 70_552_387_584)],
)
def test_llama3_swallow_is_understood_as_transformers_does(
    config: dict[str, Any], parameters: int
) -> None:
    in_transformers = LlamaConfig(**config)
    expected, _ = ROPE_INIT_FUNCTIONS["llama3"](in_transformers, "cpu")

    architecture = read_architecture(config)

    found = torch.tensor(architecture.inverse_frequencies)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=0)
    assert architecture.parameters == parameters
    assert architecture.context_length == 131072
    newer = in_transformers.to_dict()
    assert "rope_scaling" not in newer
    assert newer["rope_parameters"]["rope_theta"] == 500_000.0
    assert read_architecture(newer) == architecture


def test_a_sliding_window_limits_the_context() -> None:
    mistral = SWALLOW | {
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "max_position_embeddings": 32768,
        "sliding_window": 4096,
    }

    assert read_architecture(mistral).context_length == 4096


def test_tied_embeddings_have_no_output_matrix() -> None:
    assert "lm_head" not in read_architecture(SWALLOW | {"tie_word_embeddings": True}).matrices


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"architectures": ["Gemma2ForCausalLM"], "model_type": "gemma2"}, "Gemma2ForCausalLM"),
        ({"architectures": ["GptOssForCausalLM"], "model_type": "gpt_oss"}, "GptOssForCausalLM"),
        ({"architectures": None, "model_type": "qwen2"}, "qwen2"),
        ({"attention_bias": True}, "attention_bias"),
        ({"hidden_act": "gelu"}, "gelu"),
        ({"rope_scaling": {"rope_type": "yarn", "factor": 4.0}}, "yarn"),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, "lack original_max_position"),
        ({"rope_parameters": {"partial_rotary_factor": 0.5}}, "part of each head"),
        ({"quantization_config": {"bits": 4}}, "quantised already"),
    ],
)
def test_another_model_is_refused_with_the_reason(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ModelUnsupported, match=why):
        read_architecture(SWALLOW | change)
