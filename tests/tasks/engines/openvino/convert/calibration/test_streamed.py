"""A model with one matrix in memory at a time computes what transformers computes with all."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tasks.engines.openvino.convert.calibration.streamed import Streamed
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tests.benchmarks.quality.off_grid import moved
from tests.tasks.models.tiny_models import KINDS, MIXTURE_KINDS, VOCABULARY, write_tiny

IDS = torch.randint(2, VOCABULARY, (2, 40), generator=torch.Generator().manual_seed(1))


def streamed_logits(folder: Path) -> torch.Tensor:
    model = Streamed(Checkpoint(folder), torch.float32)
    with torch.inference_mode():
        return model.hidden(IDS) @ model.head().T


@pytest.mark.parametrize("kind", KINDS + MIXTURE_KINDS)
def test_its_logits_are_those_of_the_whole_model(tmp_path: Path, kind: str) -> None:
    folder = write_tiny(tmp_path / kind, kind)
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        expected = whole(IDS).logits

    torch.testing.assert_close(streamed_logits(folder), expected, rtol=1e-4, atol=1e-4)


def test_only_one_matrix_is_in_memory(tmp_path: Path) -> None:
    model = Streamed(Checkpoint(write_tiny(tmp_path / "tiny", "llama2")), torch.float32)
    held: list[int] = []

    def count(*_: object) -> None:
        held.append(sum(not p.is_meta for p in model.model.model.layers.parameters()))

    for _, linear in model.linears():
        linear.register_forward_pre_hook(count)
    model.hidden(IDS)

    assert held == [1] * 21


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_that_was_moved_off_its_grid_computes_the_same(tmp_path: Path, kind: str) -> None:
    folder = write_tiny(tmp_path / kind, kind)

    other = moved(folder, tmp_path / "moved")

    before, after = (
        Checkpoint(f).tensor("model.layers.1.mlp.up_proj.weight") for f in (folder, other)
    )
    assert not torch.allclose(before.float(), after)
    torch.testing.assert_close(
        streamed_logits(other), streamed_logits(folder), rtol=1e-3, atol=1e-3
    )
