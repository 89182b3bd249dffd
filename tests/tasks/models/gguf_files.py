"""Tiny models as GGUF files, written as llama.cpp's converter lays them out.

Beside each lies the same model as floats: what the blocks stand for.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import GGMLQuantizationType, GGUFWriter
from gguf.quants import dequantize, quantize
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import pre_tokenizers

NAMES = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
}
ARCHITECTURES = {"llama": "llama", "mistral": "llama", "qwen3": "qwen3", "qwen3_moe": "qwen3moe"}

BLOCK_BYTES = {"Q4_K": 144, "Q6_K": 210}
"""Kinds of which the package only reads blocks; here their bytes are drawn at random."""


def write_gguf(
    folder: Path, file: Path, kind: str, *, rotary_factors: NDArray[Any] | None = None
) -> Path:
    """Write the model in `folder` to `file`, its matrices as `kind`, the outer ones as Q8_0.

    Rows that do not fill the blocks of `kind` become Q8_0. Returns a folder with the same model as
    float32.
    """
    config = json.loads((folder / "config.json").read_text("utf-8"))
    architecture = ARCHITECTURES[config["model_type"]]
    writer = GGUFWriter(file, architecture)
    _write_fields(writer, config)
    if rotary_factors is not None:
        writer.add_tensor("rope_freqs.weight", rotary_factors.astype(np.float32))
    floats: dict[str, torch.Tensor] = {}
    stacks: dict[str, list[NDArray[Any]]] = {}
    for name, tensor in sorted(load_file(folder / "model.safetensors").items(), key=_by_expert):
        weight = tensor.float().numpy()
        if weight.ndim == 1 or name.endswith("mlp.gate.weight"):
            writer.add_tensor(_name(name), weight)
            floats[name] = tensor.float()
            continue
        is_outer = name.startswith(("model.embed", "lm_head"))
        chosen = "Q8_0" if is_outer else kind
        if weight.shape[1] % 256 and chosen in BLOCK_BYTES:
            chosen = "Q8_0"
        heads = _heads(name, config) if architecture == "llama" else None
        data = _blocks(_paired(weight, heads) if heads else weight, chosen)
        type = GGMLQuantizationType[chosen]
        kept = dequantize(data, type)
        floats[name] = torch.from_numpy(_unpaired(kept, heads) if heads else kept).contiguous()
        if ".experts." in name:
            block, _, rest = name.partition(".mlp.experts.")
            part = rest.split(".")[1].removesuffix("_proj")
            stacks.setdefault(f"blk.{block.rpartition('.')[2]}.ffn_{part}_exps.weight", [])
            stacks[f"blk.{block.rpartition('.')[2]}.ffn_{part}_exps.weight"].append(data)
        else:
            writer.add_tensor(_name(name), data, raw_dtype=type)
    for name, parts in stacks.items():
        writer.add_tensor(name, np.stack(parts), raw_dtype=type)
    _finish(writer)
    plain = folder.with_name(f"{folder.name}-floats")
    shutil.copytree(folder, plain)
    save_file(floats, plain / "model.safetensors", metadata={"format": "pt"})
    return plain


def link_to(file: Path, folder: Path) -> None:
    """Make the model in `folder` that of the GGUF file."""
    (folder / "model.safetensors").unlink()
    (folder / "model.gguf").symlink_to(file)


def _finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_fields(writer: GGUFWriter, config: dict[str, Any]) -> None:
    writer.add_name("tiny")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    if "num_local_experts" in config:
        writer.add_expert_count(config["num_local_experts"])
        writer.add_expert_used_count(config["num_experts_per_tok"])
    tokens = ["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet()), "th"]
    tokens += [f"<{number}>" for number in range(len(tokens), config["vocab_size"])]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, *[1] * (len(tokens) - 2)])
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)


def _by_expert(item: tuple[str, Any]) -> tuple[str, int]:
    """Sort experts by their numbers."""
    name = item[0]
    if ".experts." not in name:
        return name, 0
    block, _, rest = name.partition(".experts.")
    number, _, part = rest.partition(".")
    return f"{block}.{part}", int(number)


def _name(name: str) -> str:
    stem, _, end = name.rpartition(".")
    if stem in NAMES:
        return f"{NAMES[stem]}.{end}"
    _, _, number, part = stem.split(".", 3)
    return f"blk.{number}.{NAMES[part]}.{end}"


def _heads(name: str, config: dict[str, Any]) -> int | None:
    if name.endswith("q_proj.weight"):
        return int(config["num_attention_heads"])
    return int(config["num_key_value_heads"]) if name.endswith("k_proj.weight") else None


def _paired(weight: NDArray[Any], heads: int) -> NDArray[Any]:
    """Return rows in llama.cpp's order: the two that are turned together follow one another."""
    halves = weight.reshape(heads, 2, -1, weight.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weight.shape))


def _unpaired(weight: NDArray[Any], heads: int) -> NDArray[Any]:
    pairs = weight.reshape(heads, -1, 2, weight.shape[1])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(weight.shape))


def _blocks(weight: NDArray[Any], kind: str) -> NDArray[np.uint8]:
    """Return `weight` [out, in] in blocks of `kind`, [out, bytes]."""
    if kind not in BLOCK_BYTES:
        found: NDArray[np.uint8] = quantize(weight, GGMLQuantizationType[kind])
        return found
    random = np.random.default_rng(int(abs(weight).sum()))
    shape = (len(weight), weight.shape[1] // 256, BLOCK_BYTES[kind])
    blocks = random.integers(0, 256, shape, np.uint8)
    scales = random.uniform(0.0001, 0.0004, (*shape[:2], 2)).astype(np.float16)
    if kind == "Q4_K":
        scales[..., 1] *= 8  # levels near the middle of the integers
        blocks[..., :4] = scales.view(np.uint8)
    else:
        scales[..., 0] *= 0.05
        blocks[..., 208:] = scales[..., :1].copy().view(np.uint8)
    return blocks.reshape(len(weight), -1)
