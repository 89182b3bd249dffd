"""Adapters as GGUF files, read back with the library of the format."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gguf import GGUFReader

from tasks.exchange.fitting import pairs
from tasks.exchange.gguf_adapter import export_gguf
from trainer.adapters.adapter import Adapter
from trainer.base_model.source import Source
from trainer.errors import AdapterRefused, NotWritable

Tiny = Callable[[str], Source]
AdapterOf = Callable[[Source], Adapter]
HEADS = {"q": 4, "k": 2}


def export(adapter: Adapter, source: Source, file: Path) -> None:
    export_gguf(
        adapter, source, file, cache=file.parent / "cache", progress=lambda done, total: None
    )


def in_pairs(rows: Any, heads: int) -> Any:
    """The permutation of llama.cpp's converter for Llama's queries and keys."""
    split = rows.reshape(heads, 2, len(rows) // heads // 2, *rows.shape[1:])
    return split.swapaxes(1, 2).reshape(rows.shape)


@pytest.mark.parametrize(
    ("kind", "architecture"), [("llama3", "llama"), ("mistral", "llama"), ("qwen3", "qwen3")]
)
def test_the_file_says_what_llama_cpp_asks_and_holds_every_half_in_its_order_of_rows(
    tiny: Tiny, adapter_of: AdapterOf, tmp_path: Path, kind: str, architecture: str
) -> None:
    source = tiny(kind)
    adapter, file = adapter_of(source), tmp_path / "out" / "adapter.gguf"

    export(adapter, source, file)

    read = GGUFReader(file)
    wanted = {
        "general.architecture": architecture,
        "general.type": "adapter",
        "general.name": "learned",
        "general.base_model.0.name": "tiny",
        "adapter.type": "lora",
        "adapter.lora.alpha": 8.0,
    }
    assert {name: read.fields[name].contents() for name in wanted} == wanted
    tensors = {tensor.name: tensor.data for tensor in read.tensors}
    layers = pairs(adapter)
    assert len(tensors) == 2 * len(layers) == 42
    for part, heads in HEADS.items():
        a, b = (half.numpy() for half in layers[f"model.layers.2.self_attn.{part}_proj"])
        b = in_pairs(b, heads) if architecture == "llama" else b
        assert np.array_equal(tensors[f"blk.2.attn_{part}.weight.lora_a"], a)
        assert np.array_equal(tensors[f"blk.2.attn_{part}.weight.lora_b"], b)
    a, b = (half.numpy() for half in layers["model.layers.0.mlp.down_proj"])
    assert np.array_equal(tensors["blk.0.ffn_down.weight.lora_a"], a)
    assert np.array_equal(tensors["blk.0.ffn_down.weight.lora_b"], b)


def test_what_is_there_is_not_overwritten_and_nothing_is_left_of_a_refusal(
    tiny: Tiny, adapter_of: AdapterOf, tmp_path: Path
) -> None:
    source = tiny("gemma2")
    adapter = adapter_of(source)
    place = tmp_path / "out"
    place.mkdir()
    (place / "there.gguf").write_bytes(b"mine")

    with pytest.raises(NotWritable, match="is not overwritten"):
        export(adapter, source, place / "there.gguf")
    with pytest.raises(
        AdapterRefused, match=r"is a gemma2 model, whose layout in llama.cpp is not"
    ):
        export(adapter, source, place / "new.gguf")

    assert [path.name for path in place.iterdir()] == ["there.gguf"]
    assert (place / "there.gguf").read_bytes() == b"mine"
