"""The graph computes what transformers computes with the same weights, for each family."""

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tasks.engines.openvino.convert.architecture import Architecture, id_stride
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.precision import Precision, matrix_formats
from tasks.engines.openvino.kernels.active_adapter import ActiveAdapter
from tasks.engines.openvino.serving import pipeline_spec
from tests.tasks.engines.openvino.built_kernels import as_kernels_compute, built, importance_of
from tests.tasks.models.tiny_models import (
    KERNEL_KINDS,
    KINDS,
    MIXTURE_KINDS,
    VOCABULARY,
    write_tiny,
)
from trainer.adapters.adapter import PROJECTIONS

EXACT = {
    "INFERENCE_PRECISION_HINT": "f32",
    "KV_CACHE_PRECISION": "f32",
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
}


def graph_logits(
    folder: Path, ids: "torch.Tensor", *, pieces: int = 1, kernels: Path | None = None
) -> torch.Tensor:
    """Return the graph's logits [tokens, vocabulary] for `ids` [tokens], given in so many calls."""
    core = ov.Core()
    if kernels:
        core.add_extension(str(kernels))
    compiled = core.compile_model(str(folder / "openvino_model.xml"), "CPU", EXACT)
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
    """Return transformers' model with each weight packed and unpacked as the conversion does."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    importance = importance_of(folder) if precision == "int4" else {}
    with torch.no_grad():
        for name, (format, group) in matrix_formats(architecture, precision).items():
            weight = model.get_submodule(name).weight
            weight.copy_(unpack(pack(weight.detach(), format, group, importance.get(name))))
    return model


@pytest.mark.parametrize(
    ("kind", "precision"),
    [*product(KINDS, ("bf16", "int8", "int4")), ("narrow", "int4")],
)
def test_its_logits_are_those_of_transformers(
    tmp_path: Path, kind: str, precision: Precision
) -> None:
    folder = write_tiny(tmp_path / kind, kind)
    ids = torch.randint(2, VOCABULARY, (200,), generator=torch.Generator().manual_seed(1))

    converted = convert(folder, name=kind, cache=tmp_path / "cache", precision=precision)

    model = reference(folder, converted.architecture, precision)
    with torch.inference_mode():
        expected = model(ids[None]).logits[0]
    assert divergence(expected, graph_logits(converted.folder, ids)) < 1e-6
    assert divergence(expected, graph_logits(converted.folder, ids, pieces=7)) < 1e-6


def test_what_an_id_has_above_its_stride_changes_nothing(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "tiny", "llama3")
    ids = torch.randint(2, VOCABULARY, (40,), generator=torch.Generator().manual_seed(1))
    numbered = ids.clone()
    stride = id_stride(VOCABULARY)
    numbered[0] += 2**31 - stride

    converted = convert(folder, name="tiny", cache=tmp_path / "cache", precision="bf16")

    expected = graph_logits(converted.folder, ids)
    assert torch.equal(graph_logits(converted.folder, numbered), expected)


@pytest.mark.parametrize("kind", KERNEL_KINDS + MIXTURE_KINDS)
def test_with_our_kernels_its_logits_are_those_of_transformers_with_their_roundings(
    tmp_path: Path, shared_cache: Path, kind: str
) -> None:
    kernels = built(shared_cache)
    folder = write_tiny(tmp_path / kind, kind)
    ids = torch.randint(2, VOCABULARY, (200,), generator=torch.Generator().manual_seed(1))

    converted = convert(
        folder, name=kind, cache=tmp_path / "cache", precision="int4", kernels=lambda: kernels
    )

    assert converted.kernels == kernels
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with torch.inference_mode():
        exact = model(ids[None]).logits[0]
        expected = as_kernels_compute(model, converted.architecture, folder)(ids[None]).logits[0]
    whole = graph_logits(converted.folder, ids, kernels=kernels)
    # Single values are rounded the other way, which changes far less than the rounding itself.
    assert divergence(expected, whole) < 0.01 * divergence(exact, whole)
    pieces = graph_logits(converted.folder, ids, pieces=7, kernels=kernels)
    assert divergence(expected, pieces) < 0.01 * divergence(exact, pieces)


@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("llama3-64", ("q_proj", "v_proj")),
        ("llama3-64", PROJECTIONS),
        ("qwen3", PROJECTIONS),
        ("qwen3moe", PROJECTIONS[:4]),
    ],
)
def test_with_an_adapter_too(
    tmp_path: Path, shared_cache: Path, kind: str, targets: tuple[str, ...]
) -> None:
    kernels = built(shared_cache)
    folder = write_tiny(tmp_path / "tiny", kind)
    ids = torch.randint(2, VOCABULARY, (200,), generator=torch.Generator().manual_seed(1))
    converted = convert(
        folder, name="tiny", cache=tmp_path / "cache", precision="int4", kernels=lambda: kernels
    )
    linears = pipeline_spec(converted, threads=1).linears
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    model = as_kernels_compute(model, converted.architecture, folder)
    with torch.inference_mode():
        base = model(ids[None]).logits[0]
    torch.manual_seed(1)
    config = LoraConfig(r=4, lora_alpha=6, target_modules=[*targets], init_lora_weights=False)
    adapted = get_peft_model(model, config)
    adapted.save_pretrained(str(tmp_path / "adapter"))
    with torch.inference_mode():
        expected = adapted(ids[None]).logits[0]

    active = ActiveAdapter(kernels, linears)
    weights = (tmp_path / "adapter" / "adapter_model.safetensors").read_bytes()
    active.use(weights, "base_model.model.", scale=6 / 4)
    got = graph_logits(converted.folder, ids, kernels=kernels)
    active.clear()

    assert divergence(expected, got) < 0.01 * divergence(base, got)
    again = graph_logits(converted.folder, ids, kernels=kernels)
    assert divergence(base, again) < 0.01 * divergence(base, got)


def test_shapes_that_are_no_whole_blocks_do_without_our_kernels(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "llama3", "llama3")  # 160 columns

    converted = convert(
        folder,
        name="llama3",
        cache=tmp_path / "cache",
        precision="int4",
        kernels=lambda: pytest.fail("asked for"),
    )

    assert converted.kernels is None
