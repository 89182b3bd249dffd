"""GGUF files are read as what they stand for, whoever made them, or refused."""

import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType
from gguf.quants import dequantize
from transformers import AutoConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import Checkpoint, read_config
from tasks.engines.openvino.convert.conversion import planned
from tasks.engines.openvino.convert.sources.gguf_blocks import grid_of
from tasks.engines.openvino.convert.sources.gguf_tensors import GgufTensors
from tasks.errors import ConversionFailed, ModelUnsupported
from tests.tasks.models.gguf_files import link_to, write_gguf
from tests.tasks.models.tiny_models import write_tiny
from trainer.base_model import gguf
from trainer.base_model.source import Source, find, folder_to_convert

GRIDS = ("Q4_0", "Q4_1", "Q4_K", "Q8_0")


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        *[("llama3", kind) for kind in (*GRIDS, "Q6_K", "Q5_0", "F16", "BF16")],
        ("mistral", "Q4_0"),
        ("qwen3", "Q4_K"),
        ("qwen3moe", "Q8_0"),
    ],
)
def test_every_weight_is_what_its_blocks_stand_for(tmp_path: Path, model: str, kind: str) -> None:
    """In Hugging Face's order of rows, which llama.cpp changes for Llama's queries and keys."""
    folder = write_tiny(tmp_path / "tiny", model)
    plain = Checkpoint(write_gguf(folder, tmp_path / "tiny.gguf", kind))
    link_to(tmp_path / "tiny.gguf", folder)

    checkpoint = Checkpoint(folder)

    assert checkpoint.method == "GGUF"
    assert checkpoint.names() == plain.names()
    for name in plain.names():
        expected = plain.tensor(name)
        found = checkpoint.tensor(name)
        assert found.shape == expected.shape
        torch.testing.assert_close(found.float(), expected, rtol=1e-3, atol=1e-6)
        if checkpoint.stored(name) and (grid := checkpoint.grid(name)) is not None:
            torch.testing.assert_close(grid.weights(), expected, rtol=1e-5, atol=1e-6)


def test_the_small_models_file_is_read_as_transformers_reads_it(
    small_model: Source, model_cache: Path
) -> None:
    assert small_model.gguf is not None
    file = Path(small_model.path, small_model.gguf)
    whole = Checkpoint(gguf.unpacked(file, model_cache))

    tensors = GgufTensors(file)

    assert tensors.shapes.keys() == whole.names()
    for name in sorted(whole.names())[::23]:
        expected = whole.tensor(name)
        torch.testing.assert_close(tensors.tensor(name).float(), expected, rtol=1e-3, atol=1e-6)
        if name in tensors.stored and (grid := tensors.grid(name)) is not None:
            torch.testing.assert_close(grid.weights(), expected, rtol=1e-5, atol=1e-7)


def test_a_file_cut_short_anywhere_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = write_tiny(tmp_path / "tiny", "llama2")
    file = tmp_path / "tiny.gguf"
    write_gguf(folder, file, "Q4_0")
    whole = file.read_bytes()

    for length in [0, 3, 20, *range(24, len(whole) - 1, 7001), len(whole) - 1000]:
        file.write_bytes(whole[:length])
        with pytest.raises(ConversionFailed, match=r"tiny.gguf cannot be read .* fetch it again"):
            GgufTensors(file)


def test_a_file_changed_anywhere_is_refused_or_read_but_never_fails_otherwise(
    tmp_path: Path,
) -> None:
    folder = write_tiny(tmp_path / "tiny", "llama2")
    file = tmp_path / "tiny.gguf"
    write_gguf(folder, file, "Q4_0")
    whole = file.read_bytes()
    header = whole.rindex(b"blk.") + 50
    random = np.random.default_rng(1)

    for _ in range(100):
        spoilt = bytearray(whole)
        at = int(random.integers(0, header))
        spoilt[at : at + 8] = random.bytes(8)
        file.write_bytes(spoilt)
        try:
            tensors = GgufTensors(file)
            for name in tensors.shapes:
                tensors.tensor(name)
        except (ConversionFailed, ModelUnsupported):
            pass


def test_a_count_that_no_file_could_hold_is_refused_at_once(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0))

    with pytest.raises(ConversionFailed, match=f"claims to have {1 << 60} entries"):
        GgufTensors(file)


@pytest.mark.parametrize("kind", ["llama3", "qwen3", "qwen3-tied", "qwen3moe"])
def test_a_description_has_what_transformers_takes_for_granted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Such as the widths of heads and experts, and the vocabulary."""
    monkeypatch.setattr(gguf, "LARGE_BYTES", 0)
    folder = write_tiny(tmp_path / "tiny", kind)
    write_gguf(folder, tmp_path / "tiny.gguf", "Q8_0")
    expected = read_config(folder)

    found = read_config(folder_to_convert(find(str(tmp_path / "tiny.gguf")), cache=tmp_path / "c"))

    epsilon = found["rms_norm_eps"]
    assert epsilon == pytest.approx(expected["rms_norm_eps"])
    # Scaled positions are a tensor of the file, which this one has not.
    given = dict(expected) | {"rope_parameters": found["rope_parameters"], "rms_norm_eps": epsilon}
    assert read_architecture(found) == read_architecture(given)
    assert found["rope_parameters"]["rope_theta"] == expected["rope_parameters"]["rope_theta"]


@pytest.mark.parametrize("trained", [8192, 64])
def test_llama_3s_rotary_positions_are_recognised_and_others_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: int
) -> None:
    monkeypatch.setattr(gguf, "LARGE_BYTES", 0)
    folder = write_tiny(tmp_path / "tiny", "llama3-64")
    config = AutoConfig.from_pretrained(folder)
    about = {"rope_theta": 500_000.0} | gguf.LLAMA3_ROPE | {"factor": 32.0}
    config.rope_parameters = about | {"original_max_position_embeddings": trained}
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    factors = 500_000.0 ** (-np.arange(0, 64, 2) / 64) / scaled.numpy()
    write_gguf(folder, tmp_path / "tiny.gguf", "Q8_0", rotary_factors=factors)
    source = find(str(tmp_path / "tiny.gguf"))

    described = folder_to_convert(source, cache=tmp_path / "cache")

    found = read_config(described)["rope_parameters"]
    assert found | {"factor": round(found["factor"], 3)} == about
    plan = partial(planned, described, name="tiny", cache=tmp_path, precision="int8", kernels=False)
    if trained == 8192:
        assert plan().source == "GGUF"
    else:
        with pytest.raises(ModelUnsupported, match="scaled by factors of its own"):
            plan()


@pytest.mark.parametrize(("kind", "block_bytes"), [("Q4_1", 20), ("Q4_K", 144)])
def test_a_group_without_a_scale_is_all_its_least_weight(kind: str, block_bytes: int) -> None:
    blocks = np.random.default_rng(0).integers(0, 256, (4, block_bytes), np.uint8)
    blocks[:, :4] = np.array([[0, 0.5]] * 2 + [[0.25, 0], [0, 0]], np.float16).view(np.uint8)

    found = grid_of(kind, blocks).weights()

    expected = dequantize(blocks, GGMLQuantizationType[kind])
    torch.testing.assert_close(found, torch.from_numpy(expected))
