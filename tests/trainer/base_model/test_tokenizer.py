"""A tokenizer whose files are missing or broken is refused with the name of the file."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.trainer.doubles import write_model
from trainer.base_model.source import find
from trainer.base_model.tokenizer import check_tokenizer, load_tokenizer
from trainer.errors import ModelMissing


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may break."""
    return Path(shutil.copytree(model_folder, tmp_path / "Model-1b"))


def claim_llama_tokenizer(folder: Path) -> None:
    """Name the class that transformers loads with an empty vocabulary where the files are missing.

    The configurations of the Swallow models name it.
    """
    file = folder / "tokenizer_config.json"
    config = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**config, "tokenizer_class": "LlamaTokenizer"}), "utf-8")


@pytest.mark.parametrize("change", [lambda folder: None, claim_llama_tokenizer])
def test_a_missing_tokenizer_is_named_with_its_folder(
    folder: Path, change: Callable[[Path], None]
) -> None:
    change(folder)
    (folder / "tokenizer.json").unlink()

    with pytest.raises(ModelMissing) as error:
        load_tokenizer(find(str(folder)))

    assert str(error.value) == (
        "The model Model-1b could not be loaded, it has no tokenizer: neither tokenizer.json nor "
        f"tokenizer.model is in {folder}; copy it from the original model."
    )


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"model": 1}', "[" * 100_000, "\udcff"])
def test_a_broken_tokenizer_file_is_named(folder: Path, content: str) -> None:
    (folder / "tokenizer.json").write_text(content, encoding="utf-8", errors="surrogateescape")

    with pytest.raises(ModelMissing, match=r"its tokenizer is broken: .*/tokenizer\.json \(") as e:
        load_tokenizer(find(str(folder)))

    assert "\n" not in str(e.value)


@pytest.mark.parametrize("content", [b"", b"no protocol buffer"])
def test_a_broken_sentencepiece_file_is_named(folder: Path, content: bytes) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer.model").write_bytes(content)

    with pytest.raises(ModelMissing, match=r"its tokenizer is broken: .*/tokenizer\.model \("):
        load_tokenizer(find(str(folder)))


@pytest.mark.parametrize("vocabulary", [{}, []])
def test_an_empty_vocabulary_is_a_broken_tokenizer(folder: Path, vocabulary: object) -> None:
    file = folder / "tokenizer.json"
    content = json.loads(file.read_text("utf-8"))
    content["model"]["vocab"] = vocabulary
    file.write_text(json.dumps(content), "utf-8")

    with pytest.raises(ModelMissing, match=r"tokenizer\.json \(it holds no vocabulary\)"):
        check_tokenizer(folder, "Model-1b")


def test_a_vocabulary_without_its_merges_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text('{"a": 0}', "utf-8")

    with pytest.raises(ModelMissing, match=r"/merges\.txt \(vocab\.json is there"):
        check_tokenizer(folder, "Model-1b")

    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    check_tokenizer(folder, "Model-1b")


def test_a_broken_configuration_of_the_tokenizer_is_named(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text("{", encoding="utf-8")

    with pytest.raises(ModelMissing, match=r"tokenizer_config\.json \(not valid JSON\)"):
        load_tokenizer(find(str(folder)))


def test_a_whole_tokenizer_is_loaded(folder: Path) -> None:
    assert load_tokenizer(find(str(folder)))("red")["input_ids"]


def test_a_hub_that_cannot_be_reached_is_not_a_missing_tokenizer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(ModelMissing, match="check the name and the network"):
        load_tokenizer(find("org/Model-1b"))


def test_a_fetched_model_without_a_tokenizer_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    snapshot = write_model(hub / "models--org--Model-1b" / "snapshots" / "0123")
    (hub / "models--org--Model-1b" / "refs").mkdir()
    (hub / "models--org--Model-1b" / "refs" / "main").write_text("0123")
    assert load_tokenizer(find("org/Model-1b"))("red")["input_ids"]
    claim_llama_tokenizer(snapshot)
    (snapshot / "tokenizer.json").unlink()

    with pytest.raises(ModelMissing, match="it has no tokenizer: neither"):
        load_tokenizer(find("org/Model-1b"))
