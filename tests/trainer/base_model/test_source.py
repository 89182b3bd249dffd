"""Finding base models by name."""

from pathlib import Path

import pytest

from trainer.base_model.source import SMALL_MODEL, Source, find, is_local, size_of
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


def test_the_small_model_is_the_same_by_its_name_and_by_its_file(small_model: Source) -> None:
    file = Path(small_model.path, str(small_model.gguf))

    assert find(str(file)) == find(SMALL_MODEL) == small_model
