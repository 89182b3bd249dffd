"""A model from a quantised checkpoint computes what its weights, as floats, compute."""

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tasks.engines.openvino.convert.calibration import importance
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.convert.converted import Converted, loss_of
from tasks.engines.openvino.convert.pack import pack, unpack
from tasks.engines.openvino.convert.precision import OUTER_MATRICES, Precision, matrix_formats
from tests.tasks.engines.openvino.built_kernels import built, rounded, taken_apart
from tests.tasks.engines.openvino.convert.test_graph import divergence, graph_logits
from tests.tasks.models.gguf_files import link_to, write_gguf
from tests.tasks.models.quantised_checkpoints import quantise
from tests.tasks.models.tiny_models import VOCABULARY, write_tiny

IDS = torch.randint(2, VOCABULARY, (120,), generator=torch.Generator().manual_seed(1))


def reference(plain: Path, converted: Converted) -> Any:
    """Return transformers' model of the floats, with the outer matrices packed and unpacked, and
    where our kernels compute with their rounding of activations."""
    model = AutoModelForCausalLM.from_pretrained(plain, dtype=torch.float32).eval()
    kernels = converted.kernels is not None
    formats = matrix_formats(converted.architecture, converted.precision, kernels=kernels)
    if converted.architecture.experts:
        for block in model.model.layers:
            block.mlp.experts = taken_apart(block.mlp.experts)
    with torch.no_grad():
        for matrix, (format, group) in formats.items():
            for name in converted.architecture.parts(matrix):
                module = model.get_submodule(name)
                if name in OUTER_MATRICES:
                    module.weight.copy_(unpack(pack(module.weight.detach(), format, group)))
                elif kernels:
                    module.register_forward_pre_hook(lambda _, given: (rounded(given[0]),))
    return model


def logits(model: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = model(IDS[None]).logits[0]
    return found


@pytest.mark.parametrize("kind", ["awq", "symmetric", "asymmetric"])
@pytest.mark.parametrize(("precision", "group"), [("int4", 128), ("int4", 32), ("int8", 64)])
def test_with_openvinos_kernels_nothing_is_lost(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    precision: Precision,
    group: int,
) -> None:
    folder = write_tiny(tmp_path / "tiny", "llama2")
    plain = quantise(folder, kind, group=group)
    monkeypatch.setattr(importance, "calibrate", lambda *_, **__: pytest.fail("calibrated"))

    with caplog.at_level(logging.INFO):
        converted = convert(folder, name="tiny", cache=tmp_path / "cache", precision=precision)

    expected = logits(reference(plain, converted))
    assert divergence(expected, graph_logits(converted.folder, IDS)) < 1e-6
    assert loss_of(converted.folder) == 0.0
    method = "AWQ" if kind == "awq" else "compressed-tensors"
    assert f"the weights are those of its {method} checkpoint" in caplog.text


@pytest.mark.parametrize(
    ("model", "kind"),
    [("llama3-48", "awq"), ("qwen3", "asymmetric"), ("qwen3moe", "symmetric")],
)
def test_with_our_kernels_only_activations_are_rounded(
    tmp_path: Path, shared_cache: Path, model: str, kind: str
) -> None:
    kernels = built(shared_cache)
    folder = write_tiny(tmp_path / "tiny", model)
    unquantised = logits(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval())
    plain = quantise(folder, kind)

    converted = convert(
        folder, name="tiny", cache=tmp_path / "cache", precision="int4", kernels=lambda: kernels
    )

    whole = graph_logits(converted.folder, IDS, kernels=kernels)
    expected = logits(reference(plain, converted))
    assert converted.kept
    assert loss_of(converted.folder) == 0.0
    # Single values are rounded the other way, which changes far less than the rounding itself.
    assert divergence(expected, whole) < 0.01 * divergence(unquantised, whole)


def test_smaller_groups_are_rounded_nearly_and_the_loss_is_told(
    tmp_path: Path, shared_cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kernels = built(shared_cache)
    folder = write_tiny(tmp_path / "tiny", "qwen3")
    unquantised = logits(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval())
    plain = quantise(folder, "symmetric", group=32)

    with caplog.at_level(logging.INFO):
        converted = convert(
            folder, name="tiny", cache=tmp_path / "cache", precision="int4", kernels=lambda: kernels
        )

    whole = graph_logits(converted.folder, IDS, kernels=kernels)
    expected = logits(reference(plain, converted))
    assert divergence(expected, whole) < 0.1 * divergence(unquantised, expected)
    loss = loss_of(converted.folder)
    assert loss is not None
    assert 0.001 < loss < 0.015
    assert "rounded again, which changed them by 1." in caplog.text


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q4_K", "Q8_0"])
def test_a_gguf_file_loses_nothing_at_8_bits(tmp_path: Path, kind: str) -> None:
    folder = write_tiny(tmp_path / "tiny", "llama2")
    plain = write_gguf(folder, tmp_path / "tiny.gguf", kind)
    link_to(tmp_path / "tiny.gguf", folder)

    converted = convert(folder, name="tiny", cache=tmp_path / "cache", precision="int8")

    exact = AutoModelForCausalLM.from_pretrained(plain, dtype=torch.float32).eval()
    assert converted.kept
    assert divergence(logits(exact), graph_logits(converted.folder, IDS)) < 1e-6
    assert loss_of(converted.folder) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("model", "kind"), [("llama3-64", "Q4_0"), ("qwen3", "Q4_1"), ("qwen3moe", "Q4_0")]
)
def test_a_gguf_file_loses_little_with_our_kernels(
    tmp_path: Path, shared_cache: Path, model: str, kind: str
) -> None:
    kernels = built(shared_cache)
    folder = write_tiny(tmp_path / "tiny", model)
    unquantised = logits(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval())
    plain = write_gguf(folder, tmp_path / "tiny.gguf", kind)
    link_to(tmp_path / "tiny.gguf", folder)

    converted = convert(
        folder, name="tiny", cache=tmp_path / "cache", precision="int4", kernels=lambda: kernels
    )

    whole = graph_logits(converted.folder, IDS, kernels=kernels)
    expected = logits(reference(plain, converted))
    # Of a mixture some tokens get other experts then.
    share = 0.2 if converted.architecture.experts else 0.1
    assert divergence(expected, whole) < share * divergence(unquantised, expected)
    loss = loss_of(converted.folder)
    assert loss is not None
    assert loss < 0.015
