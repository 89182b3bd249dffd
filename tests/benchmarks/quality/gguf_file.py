"""Writes a Llama-style checkpoint as a GGUF file, for llama.cpp's own quantiser.

The vocabulary in it is made up: both sides are asked with token ids.
"""

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

from tasks.engines.openvino.convert.architecture import Architecture, read_architecture
from tasks.engines.openvino.convert.checkpoint import Checkpoint

OUTER = {
    "model.embed_tokens": "token_embd",
    "model.norm": "output_norm",
    "lm_head": "output",
}
INNER = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
BYTES = 256
"""Tokens of a Llama vocabulary that stand for single bytes; llama.cpp wants them."""


def write_gguf(folder: Path, file: Path) -> Path:
    """Write the checkpoint in `folder` to `file` in the precision it has, and return `file`."""
    checkpoint = Checkpoint(folder)
    architecture = read_architecture(checkpoint.config)
    writer = gguf.GGUFWriter(file, "llama")
    _write_metadata(writer, architecture, checkpoint.config)
    for name in sorted(checkpoint.names()):
        _write_tensor(writer, checkpoint, name, architecture)
    if architecture.inverse_frequencies != _plain(architecture, checkpoint.config):
        _write_rope(writer, architecture, checkpoint.config)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _write_metadata(writer: Any, architecture: Architecture, config: Any) -> None:
    writer.add_context_length(architecture.context_length)
    writer.add_embedding_length(architecture.hidden)
    writer.add_block_count(architecture.layers)
    writer.add_feed_forward_length(architecture.intermediate)
    writer.add_head_count(architecture.heads)
    writer.add_head_count_kv(architecture.kv_heads)
    writer.add_key_length(architecture.head_dim)
    writer.add_value_length(architecture.head_dim)
    writer.add_rope_dimension_count(architecture.head_dim)
    writer.add_rope_freq_base(_theta(config))
    writer.add_layer_norm_rms_eps(architecture.epsilon)
    writer.add_vocab_size(architecture.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(BYTES))]
    tokens += [f"▁t{id}" for id in range(len(tokens), architecture.vocabulary)]
    types = [gguf.TokenType.UNKNOWN, gguf.TokenType.CONTROL, gguf.TokenType.CONTROL]
    types += [gguf.TokenType.BYTE] * BYTES
    types += [gguf.TokenType.NORMAL] * (len(tokens) - len(types))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types(types)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def _write_tensor(
    writer: Any, checkpoint: Checkpoint, name: str, architecture: Architecture
) -> None:
    key = name.removesuffix(".weight")
    tensor = checkpoint.tensor(name)
    if key in OUTER:
        target = OUTER[key]
    else:
        _, _, layer, inner = key.split(".", 3)
        target = f"blk.{layer}.{INNER[inner]}"
        heads = {"attn_q": architecture.heads, "attn_k": architecture.kv_heads}
        if count := heads.get(INNER[inner]):
            tensor = _interleaved(tensor, count)
    if tensor.dtype == torch.bfloat16 and tensor.ndim == 2:
        data = tensor.contiguous().view(torch.uint8).numpy()  # [out, 2 · in]
        kind = gguf.GGMLQuantizationType.BF16
        writer.add_tensor(f"{target}.weight", data, raw_dtype=kind)
    else:
        writer.add_tensor(f"{target}.weight", tensor.float().contiguous().numpy())


def _interleaved(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Reorder the rows of a query or key projection [out, in].

    llama.cpp rotates neighbouring dimensions of a head, transformers those half a head apart.
    """
    rows, columns = weight.shape
    halves = weight.view(heads, 2, rows // heads // 2, columns)
    return halves.transpose(1, 2).reshape(rows, columns)


def _theta(config: Any) -> float:
    rope = {**(config.get("rope_scaling") or {}), **(config.get("rope_parameters") or {})}
    return float(rope.get("rope_theta") or config.get("rope_theta") or 10_000.0)


def _plain(architecture: Architecture, config: Any) -> tuple[float, ...]:
    size = architecture.head_dim
    return tuple(_theta(config) ** -(pair / size) for pair in range(0, size, 2))


def _write_rope(writer: Any, architecture: Architecture, config: Any) -> None:
    """Write by what llama.cpp divides the plain frequencies."""
    plain = np.array(_plain(architecture, config))
    factors = plain / np.array(architecture.inverse_frequencies)
    writer.add_tensor("rope_freqs.weight", factors.astype(np.float32))
