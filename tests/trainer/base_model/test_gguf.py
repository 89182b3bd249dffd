"""A GGUF file is unpacked once, and a large one only described."""

import json
import struct
from pathlib import Path

import pytest

from trainer.base_model import gguf
from trainer.base_model.load import load_model
from trainer.base_model.source import SMALL_MODEL, Source, find, folder_to_convert
from trainer.base_model.tokenizer import load_tokenizer
from trainer.errors import ModelMissing


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


def test_a_large_file_is_described_without_its_weights(
    small_model: Source, model_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert small_model.gguf is not None
    whole = gguf.unpacked(Path(small_model.path, small_model.gguf), model_cache)
    monkeypatch.setattr(gguf, "LARGE_BYTES", 0)

    folder = folder_to_convert(small_model, cache=tmp_path)

    assert folder == folder_to_convert(small_model, cache=tmp_path)
    assert not list(tmp_path.rglob("*.safetensors"))
    assert (folder / gguf.LINK).resolve() == Path(small_model.path, small_model.gguf).resolve()
    expected, found = (
        json.loads((one / "config.json").read_text("utf-8")) for one in (whole, folder)
    )
    kept = ("vocab_size", "head_dim", "hidden_size", "tie_word_embeddings", "rope_parameters")
    assert {key: found[key] for key in kept} == {key: expected[key] for key in kept}
    tokenizer = load_tokenizer(small_model, cache=tmp_path)
    assert tokenizer.encode("Which of these?") == load_tokenizer(
        Source("whole", str(whole))
    ).encode("Which of these?")
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("fields", [{}, {"general.architecture": "llama"}])
def test_a_file_without_what_a_model_needs_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], large: bool
) -> None:
    monkeypatch.setattr(gguf, "LARGE_BYTES", 0 if large else 1 << 40)
    entries = [
        struct.pack("<Q", len(name))
        + name.encode()
        + struct.pack("<IQ", 8, len(text))
        + text.encode()
        for name, text in fields.items()
    ]
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries))

    with pytest.raises(ModelMissing, match=r"The model tiny could not be loaded .*\.$"):
        folder_to_convert(find(str(file)), cache=tmp_path / "cache")
