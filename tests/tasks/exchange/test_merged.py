"""Merged folders, loaded by transformers alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from tasks.exchange import merged
from tasks.exchange.fitting import pairs
from tasks.exchange.merged import INDEX, export_merged
from tests.tasks.models.gguf_files import write_gguf
from tests.tasks.models.tiny_models import write_tiny
from trainer.adapters.adapter import Adapter
from trainer.adapters.adapter_files import ABOUT
from trainer.base_model import gguf
from trainer.base_model.source import Source, find
from trainer.errors import AdapterRefused, NotWritable

Tiny = Callable[[str], Source]
AdapterOf = Callable[[Source], Adapter]


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    """Return all tensors of a folder."""
    return {
        name: tensor
        for file in folder.glob("*.safetensors")
        for name, tensor in load_file(file).items()
    }


def merge(adapter: Adapter, source: Source, folder: Path, tmp_path: Path) -> list[tuple[int, int]]:
    """Export; returns the progress that was told."""
    told: list[tuple[int, int]] = []
    cache = tmp_path / "cache"
    export_merged(adapter, source, folder, cache=cache, progress=lambda *done: told.append(done))
    return told


@pytest.mark.parametrize("kind", ["llama2", "llama3", "qwen3-tied"])
def test_the_folder_loads_in_transformers_with_every_changed_matrix_and_nothing_else(
    tiny: Tiny,
    adapter_of: AdapterOf,
    tmp_path: Path,
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(merged, "SHARD_BYTES", 200_000)  # several files
    source = tiny(kind)
    adapter, folder = adapter_of(source), tmp_path / "out" / "merged"

    told = merge(adapter, source, folder, tmp_path)

    model, loading = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True)
    assert not any(loading.values())
    base, after = weights_of(Path(source.path)), weights_of(folder)
    assert after.keys() == base.keys()
    changed = pairs(adapter)
    for name, weight in base.items():
        wanted = weight
        if pair := changed.pop(name.removesuffix(".weight"), None):
            wanted = (weight.float() + 2 * pair[1] @ pair[0]).bfloat16()
        torch.testing.assert_close(after[name], wanted, rtol=0.01, atol=0)
        assert torch.equal(model.state_dict()[name], after[name])
    assert not changed
    index = json.loads((folder / INDEX).read_text("utf-8"))
    assert len(set(index["weight_map"].values())) > 3
    assert told[-1][0] == told[-1][1] == sum(each.numel() for each in base.values())
    assert AutoTokenizer.from_pretrained(folder)("a").input_ids
    assert json.loads((folder / ABOUT).read_text("utf-8"))["merged"].startswith("learned@")


def test_a_large_gguf_file_is_merged_into_from_where_it_lies(
    adapter_of: AdapterOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf, "LARGE_BYTES", 0)
    file = tmp_path / "tiny.gguf"
    floats = write_gguf(write_tiny(tmp_path / "model", "llama2"), file, "Q8_0")
    source = find(str(file))
    adapter = adapter_of(source)

    merge(adapter, source, tmp_path / "merged", tmp_path)

    base, after = weights_of(floats), weights_of(tmp_path / "merged")
    name = "model.layers.1.self_attn.k_proj"
    a, b = pairs(adapter)[name]
    wanted = (base[f"{name}.weight"] + 2 * b @ a).bfloat16()
    torch.testing.assert_close(after[f"{name}.weight"], wanted, rtol=0.01, atol=1e-4)
    assert after.keys() == base.keys()
    AutoModelForCausalLM.from_pretrained(tmp_path / "merged")


def test_what_is_there_is_not_overwritten_and_another_model_is_refused(
    tiny: Tiny, adapter_of: AdapterOf, tmp_path: Path
) -> None:
    source = tiny("llama2")
    adapter = adapter_of(source)
    there = tmp_path / "there"
    there.mkdir()

    with pytest.raises(NotWritable, match="is there already and is not overwritten"):
        merge(adapter, source, there, tmp_path)
    with pytest.raises(AdapterRefused, match="was trained on tiny"):
        merge(adapter, Source("other", source.path), tmp_path / "new", tmp_path)

    assert not list(there.iterdir())
    assert not (tmp_path / "new").exists()


def test_a_quantised_model_is_refused_with_what_to_do(
    tiny: Tiny, adapter_of: AdapterOf, tmp_path: Path
) -> None:
    source = tiny("llama2")
    adapter = adapter_of(source)
    config = Path(source.path) / "config.json"
    about = {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}
    content = json.loads(config.read_text("utf-8")) | {"quantization_config": about}
    config.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(AdapterRefused, match="merge into the model that it was made from"):
        merge(adapter, source, tmp_path / "new", tmp_path)
