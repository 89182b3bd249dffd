"""Checkpoints that are quantised already are read as what they stand for, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.sources.method import method_of
from tasks.errors import ConversionFailed, ModelUnsupported
from tests.tasks.models.quantised_checkpoints import (
    awq_config,
    change_config,
    compressed_config,
    linears,
    quantise,
)
from tests.tasks.models.tiny_models import write_tiny

LAYER = "model.layers.1.mlp.down_proj"
KINDS = ("awq", "symmetric", "asymmetric")

Tensors = dict[str, torch.Tensor]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A small checkpoint."""
    return write_tiny(tmp_path / "tiny", "llama2")


def change(folder: Path, changed: Callable[[Tensors], object]) -> None:
    """Change the tensors in `folder`."""
    tensors = load_file(folder / "model.safetensors")
    changed(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(("kind", "bits"), [*((kind, 4) for kind in KINDS), ("asymmetric", 8)])
def test_every_weight_is_what_its_integers_stand_for(tiny: Path, kind: str, bits: int) -> None:
    plain = quantise(tiny, kind, group=64, bits=bits, dtype=torch.bfloat16)

    checkpoint = Checkpoint(tiny)

    assert checkpoint.names() == Checkpoint(plain).names()
    checkpoint.check(
        {f"{n}.weight": shape for n, shape in read_architecture(checkpoint.config).tensors.items()}
    )
    for name, weight in linears(plain):
        assert torch.equal(checkpoint.tensor(name), weight), name


def test_zeros_as_older_versions_wrote_them_are_read(tiny: Path) -> None:
    plain = quantise(tiny, "asymmetric")
    expected = dict(linears(plain))

    def unpacked(tensors: Tensors) -> None:
        name = f"{LAYER}.weight_zero_point"
        bytes = tensors[name].T.contiguous().view(torch.uint8)
        zeros = torch.stack([bytes & 15, bytes >> 4], -1).view(len(bytes), -1).T
        tensors[name] = (zeros.to(torch.int8) - 8).contiguous()

    change(tiny, unpacked)

    assert torch.equal(Checkpoint(tiny).tensor(f"{LAYER}.weight"), expected[f"{LAYER}.weight"])


def test_groups_of_columns_that_are_no_neighbours_are_read(tiny: Path) -> None:
    """As GPTQ leaves them, which orders the columns by their importance."""
    plain = quantise(tiny, "symmetric")
    order = torch.arange(256).remainder(2)
    change(tiny, lambda tensors: tensors.update({f"{LAYER}.weight_g_idx": order.int()}))
    tensors = load_file(tiny / "model.safetensors")
    scales = tensors[f"{LAYER}.weight_scale"].float()
    expected = dict(linears(plain))[f"{LAYER}.weight"] / scales.repeat_interleave(128, 1)

    found = Checkpoint(tiny).tensor(f"{LAYER}.weight")

    torch.testing.assert_close(found, expected.round() * scales[:, order])


BROKEN: dict[str, tuple[str, Callable[[Tensors], object], str]] = {
    "a layer without scales": (
        "awq",
        lambda tensors: tensors.pop(f"{LAYER}.scales"),
        "has no scales",
    ),
    "scales for other groups": (
        "awq",
        lambda tensors: tensors.update({f"{LAYER}.scales": torch.ones(3, 128)}),
        "has 3 groups for 256 columns",
    ),
    "zeros for other groups": (
        "awq",
        lambda tensors: tensors.update({f"{LAYER}.qzeros": torch.ones(1, 16).int()}),
        r"is int32 \[1, 16\], not int32 \[2, 16\]",
    ),
    "integers as floats": (
        "awq",
        lambda tensors: tensors.update({f"{LAYER}.qweight": torch.ones(256, 16)}),
        r"is float32 .* not int32",
    ),
    "too few rows": (
        "awq",
        lambda tensors: tensors.update({f"{LAYER}.qweight": torch.ones(256, 8).int()}),
        r"has shape \[64, 256\] instead of \[128, 256\]",
    ),
    "no shape": (
        "symmetric",
        lambda tensors: tensors.pop(f"{LAYER}.weight_shape"),
        "has no scales or no shape",
    ),
    "another shape": (
        "symmetric",
        lambda tensors: tensors.update({f"{LAYER}.weight_shape": torch.tensor([1, 1 << 40])}),
        "cannot hold 1 × 1099511627776",
    ),
    "a group that is none": (
        "symmetric",
        lambda tensors: tensors.update({f"{LAYER}.weight_g_idx": torch.arange(256).int()}),
        "names groups beyond 2",
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_does_not_fit_together_is_refused_in_a_sentence(tiny: Path, what: str) -> None:
    kind, changed, why = BROKEN[what]
    quantise(tiny, kind)
    change(tiny, changed)

    with pytest.raises(ConversionFailed, match=why):
        read_all(tiny)


def read_all(folder: Path) -> None:
    checkpoint = Checkpoint(folder)
    shapes = read_architecture(checkpoint.config).tensors
    checkpoint.check({f"{name}.weight": shape for name, shape in shapes.items()})
    for name in shapes:
        checkpoint.tensor(f"{name}.weight")


def config_group(**changes: Any) -> dict[str, Any]:
    about = compressed_config()
    about["config_groups"]["group_0"] |= changes
    return about


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"quant_method": "gptq", "bits": 4}, "by gptq"),
        ("four bits", "does not say how"),
        (awq_config(version="gemv"), "in the layout gemv"),
        (awq_config(bits=3), "not to 4 bits"),
        (compressed_config() | {"format": "float-quantized"}, "in the layout float-quantized"),
        (compressed_config() | {"config_groups": {}}, "without groups of layers"),
        (compressed_config() | {"transform_config": {"config_groups": {"u": {}}}}, "transformed"),
        (compressed_config(bits=2), "integers of 4 or 8 bits"),
        (config_group(input_activations={"num_bits": 8}), "with its activations"),
        (config_group(weights=None), "but not its weights"),
    ],
)
def test_other_ways_to_quantise_are_refused_by_name(about: Any, why: str) -> None:
    with pytest.raises(ModelUnsupported, match=f"is quantised already, .*{why}"):
        method_of({"quantization_config": about})


def test_a_configuration_that_says_nothing_of_it_is_taken_at_its_word(tiny: Path) -> None:
    quantise(tiny, "awq")
    change_config(tiny, quantization_config=None)

    with pytest.raises(ConversionFailed, match=r"weight is missing"):
        read_all(tiny)
