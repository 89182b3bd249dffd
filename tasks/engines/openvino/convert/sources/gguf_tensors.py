"""The tensors of a GGUF file by the names and in the order of rows that Hugging Face has.

Reads what llama.cpp's `convert_hf_to_gguf.py` writes of the architectures "llama" (of Mistral too),
"qwen3" and "qwen3moe".
"""

import re
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch

from tasks.engines.openvino.convert.sources.gguf_blocks import (
    BITS,
    GROUP,
    Bytes,
    floats_of,
    grid_of,
)
from tasks.engines.openvino.convert.sources.grid import Grid, broken
from tasks.engines.openvino.convert.sources.stored import Stored
from tasks.errors import ConversionFailed, ModelUnsupported
from trainer.base_model.gguf import ROTARY_FACTORS
from trainer.base_model.gguf_file import GgufBroken, GgufFile, GgufTensor

OUTER = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "rope_freqs": ROTARY_FACTORS.removesuffix(".weight"),
}
IN_BLOCK = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "ffn_gate_inp": "mlp.gate",
}
EXPERTS = {
    "ffn_gate_exps": "gate_proj",
    "ffn_up_exps": "up_proj",
    "ffn_down_exps": "down_proj",
}
"""Names in the file and in a Hugging Face checkpoint."""

BLOCK = re.compile(r"blk\.(?P<number>\d+)\.(?P<part>\w+)\.(?P<end>weight|bias)")
FLOATS = ("F32", "F16", "BF16")

ROTATED_IN_PAIRS = "llama"
"""The architecture whose queries and keys are stored with neighbours turned together; Hugging Face
turns a dimension of the first half of a head with the same one of the second."""

GROUPS = {"Q6_K": 16, "Q3_K": 16, "Q2_K": 16}
WIDTHS = {"Q5_0": 5, "Q5_1": 5, "Q5_K": 5, "Q6_K": 6, "Q3_K": 3, "Q2_K": 2}
"""What else is known of kinds that are read as floats: how many share a scale, and the bits."""


class GgufTensors:
    """The tensors of the file at `path`.

    Raises:
        ModelUnsupported: its architecture is another.
        ConversionFailed: the file is cut short, or contradicts itself.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = GgufFile(path)
        except (OSError, GgufBroken) as error:
            raise ConversionFailed(f"{path} cannot be read ({error}); fetch it again.") from error
        kind = str(self._file.fields.get("general.architecture"))
        if kind not in ("llama", "qwen3", "qwen3moe"):
            raise ModelUnsupported(f"its GGUF file has the architecture {kind}")
        self._in_pairs = kind == ROTATED_IN_PAIRS
        self._heads = [
            self._file.fields.get(f"{kind}.attention.head_count{end}") for end in ("", "_kv")
        ]
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.stored: dict[str, Stored] = {}
        self._source: dict[str, tuple[str, int, int]] = {}
        for name, tensor in self._file.tensors.items():
            self._name(name, tensor)

    def tensor(self, name: str) -> torch.Tensor:
        """Return a tensor in a float type that keeps it."""
        kind, rows = self._rows(name)
        try:
            floats = floats_of(kind, rows)
        except NotImplementedError:
            raise ModelUnsupported(f"its GGUF file has weights of the type {kind}") from None
        return floats.view(self.shapes[name])

    def grid(self, name: str) -> Grid | None:
        """Return a quantised matrix as integers, scales and zeros; None where it is read as floats
        only."""
        kind, rows = self._rows(name)
        return grid_of(kind, rows) if kind in BITS else None

    def _rows(self, name: str) -> tuple[str, Bytes]:
        """Return the kind of the tensor called `name`, and its rows in Hugging Face's order."""
        source, start, end = self._source[name]
        rows = self._file.data(source)[start:end]
        match = BLOCK.fullmatch(source)
        if self._in_pairs and match and match["part"] in ("attn_q", "attn_k"):
            heads = self._heads[0] if match["part"] == "attn_q" else self._heads[-1]
            rows = rows[_unpaired(len(rows), heads or self._heads[0], source)]
        return self._file.tensors[source].kind, rows

    def _name(self, name: str, tensor: GgufTensor) -> None:
        """Keep under which name or names a tensor of the file is asked for."""
        stem, _, end = name.rpartition(".")
        match = BLOCK.fullmatch(name)
        if stem in OUTER:
            self._add(f"{OUTER[stem]}.{end}", name, tensor, 0, tensor.rows)
        elif match and match["part"] in IN_BLOCK:
            known = f"model.layers.{match['number']}.{IN_BLOCK[match['part']]}.{match['end']}"
            self._add(known, name, tensor, 0, tensor.rows)
        elif match and match["part"] in EXPERTS and len(tensor.shape) == 3:
            rows = tensor.shape[1]
            for expert in range(tensor.shape[0]):
                part = f"mlp.experts.{expert}.{EXPERTS[match['part']]}"
                known = f"model.layers.{match['number']}.{part}.weight"
                self._add(known, name, tensor, expert * rows, (expert + 1) * rows)

    def _add(self, known: str, name: str, tensor: GgufTensor, start: int, end: int) -> None:
        columns = tensor.shape[-1]
        is_vector = len(tensor.shape) == 1
        self.shapes[known] = (columns,) if is_vector else (end - start, columns)
        self._source[known] = (name, start, end)
        kind = tensor.kind
        if kind not in FLOATS and not is_vector:
            self.stored[known] = Stored(
                (end - start, columns),
                BITS.get(kind) or WIDTHS.get(kind, 0),
                GROUP if kind in BITS else GROUPS.get(kind, 32),
                symmetric=kind in ("Q4_0", "Q8_0"),
                whole=kind in ("Q4_0", "Q8_0"),
            )


Order: TypeAlias = "np.ndarray[tuple[int], np.dtype[np.int64]]"


def paired(rows: int, heads: object, name: str) -> Order:
    """Return which row of Hugging Face's matrix each row of the file is: the other way round from
    what reading does."""
    return np.argsort(_unpaired(rows, heads, name))


def _unpaired(rows: int, heads: object, name: str) -> Order:
    """Return which row of the file each row of Hugging Face's matrix is.

    In the file the two of a pair follow one another, in a head; there the first ones come first.
    """
    if not isinstance(heads, int) or heads < 1 or rows % (2 * heads):
        raise broken(name, f"has {rows} rows for {heads} heads")
    return np.arange(rows).reshape(heads, -1, 2).swapaxes(1, 2).reshape(-1)
