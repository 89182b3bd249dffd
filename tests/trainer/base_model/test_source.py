"""Finding base models by name."""

import json
from pathlib import Path

import pytest

from trainer.base_model.load import load_model
from trainer.base_model.source import SMALL_MODEL, Source, find, is_local, size_of
from trainer.base_model.tokenizer import load_tokenizer
from trainer.errors import ModelMissing


def test_the_default_is_the_small_model_where_it_is_installed(small_model: Source) -> None:
    assert find(None) == small_model == find(SMALL_MODEL)
    assert is_local(small_model)
    assert size_of(small_model) > 90_000_000


def test_a_folder_a_gguf_file_and_a_hub_id_are_found(tmp_path: Path) -> None:
    (tmp_path / "Model-1b").mkdir()
    (tmp_path / "m.gguf").touch()

    assert find(str(tmp_path / "Model-1b")) == Source("Model-1b", str(tmp_path / "Model-1b"))
    assert find(str(tmp_path / "m.gguf")) == Source("m", str(tmp_path), "m.gguf")
    assert find("org/Model-7b-hf") == Source("Model-7b-hf", "org/Model-7b-hf")


@pytest.mark.parametrize("name", ["/no/such", "./none", "~/none", "nothing", "a/b/c", ""])
def test_what_is_nowhere_is_named_in_one_sentence(name: str) -> None:
    with pytest.raises(ModelMissing, match="There is no model at") as error:
        find(name)

    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [None, "{", "{}", '{"model_type": "no-such"}'])
def test_a_folder_that_holds_no_model_is_one_sentence(tmp_path: Path, content: str | None) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    if content is not None:
        (folder / "config.json").write_text(content, encoding="utf-8")

    for load in (load_tokenizer, load_model):
        with pytest.raises(ModelMissing, match="could not be loaded") as error:
            load(find(str(folder)))
        assert "\n" not in str(error.value)


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


def test_the_small_model_is_the_same_by_its_name_and_by_its_file(small_model: Source) -> None:
    file = Path(small_model.path, str(small_model.gguf))

    assert find(str(file)) == find(SMALL_MODEL) == small_model
