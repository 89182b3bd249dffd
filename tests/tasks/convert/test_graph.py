"""The graph computes what transformers computes with the same weights, for each family."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
import torch
from transformers import AutoModelForCausalLM

from tasks.convert.architecture import Architecture
from tasks.convert.plan import Precision, plan
from tasks.convert.quantise import pack, unpack
from tasks.convert.store import convert
from tests.tasks.models import KINDS, VOCABULARY, write_tiny

EXACT = {
    "INFERENCE_PRECISION_HINT": "f32",
    "KV_CACHE_PRECISION": "f32",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
}


def graph_logits(folder: Path, ids: "torch.Tensor", *, pieces: int = 1) -> torch.Tensor:
    """Return the graph's logits [tokens, vocabulary], the prompt given in so many pieces."""
    compiled = ov.Core().compile_model(str(folder / "openvino_model.xml"), "CPU", EXACT)
    request: Any = compiled.create_infer_request()
    found, start = [], 0
    for piece in ids.tensor_split(pieces):
        end = start + len(piece)
        inputs = {
            "input_ids": piece[None].numpy(),
            "attention_mask": np.ones((1, end), np.int64),
            "position_ids": np.arange(start, end)[None],
            "beam_idx": np.zeros(1, np.int32),
        }
        found.append(torch.from_numpy(request.infer(inputs)["logits"][0].copy()))
        start = end
    return torch.cat(found)


def divergence(reference: torch.Tensor, other: torch.Tensor) -> float:
    """Return the mean Kullback-Leibler divergence over the tokens, in nats."""
    p, q = reference.log_softmax(-1), other.log_softmax(-1)
    return float((p.exp() * (p - q)).sum(-1).mean())


def reference(folder: Path, architecture: Architecture, precision: Precision) -> Any:
    """Return transformers' model with the weights that packing makes of the checkpoint's."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.no_grad():
        for name, (format, group) in plan(architecture, precision).items():
            weight = model.get_submodule(name).weight
            weight.copy_(unpack(pack(weight.detach(), format, group)))
    return model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("precision", ["bf16", "int8", "int4"])
def test_its_logits_are_those_of_transformers(
    tmp_path: Path, kind: str, precision: Precision
) -> None:
    folder = write_tiny(tmp_path / kind, kind)
    ids = torch.randint(2, VOCABULARY, (200,), generator=torch.Generator().manual_seed(1))

    converted = convert(folder, name=kind, cache=tmp_path / "cache", wanted=precision)

    model = reference(folder, converted.architecture, precision)
    with torch.inference_mode():
        expected = model(ids[None]).logits[0]
    assert divergence(expected, graph_logits(converted.folder, ids)) < 1e-6
    assert divergence(expected, graph_logits(converted.folder, ids, pieces=7)) < 1e-6
