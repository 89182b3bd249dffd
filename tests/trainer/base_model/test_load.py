"""What cannot be loaded is one sentence."""

from pathlib import Path

import pytest

from trainer.base_model.load import load_model
from trainer.base_model.source import find
from trainer.base_model.tokenizer import load_tokenizer
from trainer.errors import ModelMissing


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
