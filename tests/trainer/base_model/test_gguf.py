"""A GGUF file is unpacked once."""

import json
from pathlib import Path

from trainer.base_model.load import load_model
from trainer.base_model.source import SMALL_MODEL, Source
from trainer.base_model.tokenizer import load_tokenizer


def test_the_gguf_file_is_unpacked_once(small_model: Source, model_cache: Path) -> None:
    load_tokenizer(small_model, cache=model_cache)
    (weights,) = model_cache.glob(f"{SMALL_MODEL}*/model.safetensors")
    folder = weights.parent
    written = (folder / "model.safetensors").stat().st_mtime_ns

    model = load_model(small_model, cache=model_cache)

    assert (folder / "model.safetensors").stat().st_mtime_ns == written
    assert str(model.dtype) == "torch.float32"
    assert model.config.tie_word_embeddings
    assert "quantization_config" not in json.loads((folder / "config.json").read_text("utf-8"))
    assert len(list(model_cache.glob(f"{SMALL_MODEL}*/model.safetensors"))) == 1
    assert not list(model_cache.glob(".unpack-*"))
