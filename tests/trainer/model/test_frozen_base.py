"""The base model is read tensor by tensor, and must be whole."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.trainer.doubles import KINDS, tiny_model
from trainer.base_model.load import load_model
from trainer.base_model.source import find
from trainer.errors import ModelMissing
from trainer.model import frozen_base


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_int8_weights_are_read_one_by_one_to_the_same_model(
    tmp_path: Path, kind: str, tied: bool
) -> None:
    tiny_model(kind=kind, tie_word_embeddings=tied).to(torch.bfloat16).save_pretrained(tmp_path)
    whole = load_model(find(str(tmp_path)), dtype=torch.bfloat16)
    frozen_base.quantise(whole, int8_output=True)

    streamed = frozen_base.load(
        find(str(tmp_path)), "int8", cache=tmp_path / "cache", int8_output=True
    )

    ids = torch.arange(20)[None]
    with torch.no_grad():
        assert torch.equal(streamed(input_ids=ids).logits, whole(input_ids=ids).logits)


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    tensors.pop("model.norm.weight")
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(ModelMissing, match=r"lack model\.norm\.weight"):
        frozen_base.load(find(str(tmp_path)), "int8", cache=tmp_path / "cache")
