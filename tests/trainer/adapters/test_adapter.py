"""Adapters on disk: what is accepted, and everything that is not."""

import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch
from safetensors.torch import save_file

from trainer.adapters import adapter_files
from trainer.adapters.adapter import check_base, read
from trainer.adapters.adapter_files import ABOUT, CONFIG, MAX_WEIGHTS_BYTES, WEIGHTS
from trainer.errors import AdapterRefused

GOOD = {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["v_proj", "q_proj"]}


def adapter(folder: Path, **changes: Any) -> Path:
    """Write an adapter that is well but for the changes of its configuration."""
    folder.mkdir(parents=True)
    config = {**GOOD, "base_model_name_or_path": "org/Base-7b", **changes}
    (folder / CONFIG).write_text(json.dumps(config), encoding="utf-8")
    save_file({"a.lora_A.weight": torch.zeros(8, 4)}, folder / WEIGHTS)
    return folder


def test_a_good_adapter_is_read_with_its_facts(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "output")
    (folder / ABOUT).write_text('{"base_model": "Base-7b", "style": "alpaca-ja"}', "utf-8")

    found = read(folder)

    assert (found.name, found.base_model, found.style) == ("output", "Base-7b", "alpaca-ja")
    assert (found.rank, found.scale, found.targets) == (8, 2.0, ("q_proj", "v_proj"))
    assert len(found.digest) == 64


def test_rank_stabilised_adapters_scale_by_the_root(tmp_path: Path) -> None:
    found = read(adapter(tmp_path / "a", r=16, use_rslora=True))

    assert found.scale == 4.0


def test_the_facts_are_those_of_the_configuration_that_the_digest_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, other = adapter(tmp_path / "one"), adapter(tmp_path / "two", r=4)
    before = read(folder)
    opened = adapter_files._open

    def replaced_once_opened(folder: Path, name: str, limit: int) -> BinaryIO:
        file = opened(folder, name, limit)
        if name == CONFIG and (other / CONFIG).exists():
            (other / CONFIG).replace(folder / CONFIG)
        return file

    monkeypatch.setattr(adapter_files, "_open", replaced_once_opened)

    assert read(folder) == before


def test_the_digest_follows_the_weights(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    before = read(folder).digest

    save_file({"a.lora_A.weight": torch.ones(8, 4)}, folder / WEIGHTS)

    assert read(folder).digest != before


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"peft_type": "IA3"}, "is not a LoRA"),
        ({"r": 0}, "rank 0"),
        ({"r": "8"}, "rank '8'"),
        ({"r": 100_000}, "rank 100000"),
        ({"target_modules": ["lm_head"]}, "changes lm_head"),
        ({"target_modules": []}, "changes nothing"),
        ({"target_modules": None}, "changes nothing"),
        ({"bias": "all"}, "uses bias"),
        ({"modules_to_save": ["embed_tokens"]}, "uses modules_to_save"),
        ({"use_dora": True}, "uses use_dora"),
        ({"layer_replication": [[0, 2], [1, 3]]}, "uses layer_replication"),
        ({"init_lora_weights": "pissa_niter_4"}, "uses init_lora_weights='pissa_niter_4'"),
        ({"init_lora_weights": [1]}, "uses init_lora_weights"),
        ({"target_modules": 5}, "changes 5"),
        ({"lora_alpha": "<!channel>"}, "has lora_alpha '<!channel>'"),
        ({"lora_alpha": [1]}, "has lora_alpha"),
        ({"lora_alpha": float("nan")}, "has lora_alpha nan"),
        ({"lora_alpha": -1}, "has lora_alpha -1"),
    ],
)
def test_what_we_cannot_apply_is_refused(
    tmp_path: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(AdapterRefused, match=reason):
        read(adapter(tmp_path / "a", **changes))


def test_a_pickle_under_the_right_name_is_refused_and_never_run(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")

    class Evil:
        def __reduce__(self) -> Any:
            return os.system, (f"touch {tmp_path / 'owned'}",)

    (folder / WEIGHTS).write_bytes(pickle.dumps(Evil()))

    with pytest.raises(AdapterRefused, match="is not safetensors"):
        read(folder)
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 7,
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 4) + b"null",
        struct.pack("<Q", 12) + b'{"a": "b"}  ',
        struct.pack("<Q", 40) + b'{"a": {"data_offsets": [0, 9999999999]}}',
        struct.pack("<Q", 64) + b'{"a": {"data_offsets": [0, 1]}, "b": {"data_offsets": [0, "x"]}}',
        struct.pack("<Q", 100_000) + b"[" * 100_000,
    ],
)
def test_a_broken_header_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = adapter(tmp_path / "a")
    (folder / WEIGHTS).write_bytes(content)

    with pytest.raises(AdapterRefused, match="is not safetensors"):
        read(folder)


def test_weights_cut_short_are_refused(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[:-1])

    with pytest.raises(AdapterRefused, match="is not safetensors"):
        read(folder)


def test_weights_beyond_the_limit_are_refused_without_being_read(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    os.truncate(folder / WEIGHTS, MAX_WEIGHTS_BYTES + 1)

    with pytest.raises(AdapterRefused, match="700 MB"):
        read(folder)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_link_to_elsewhere_is_not_followed(tmp_path: Path, name: str) -> None:
    folder = adapter(tmp_path / "a")
    (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(AdapterRefused, match=f"no readable {name}"):
        read(folder)


def test_a_linked_folder_a_pipe_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "a")
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(AdapterRefused, match="no adapter 'link'"):
        read(tmp_path / "link")
    with pytest.raises(AdapterRefused, match="no adapter 'none'"):
        read(tmp_path / "none")

    (folder / WEIGHTS).unlink()
    os.mkfifo(folder / WEIGHTS)
    with pytest.raises(AdapterRefused, match="regular file"):
        read(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"r": 1e999}', "[" * 100_000])
def test_a_broken_configuration_is_refused(tmp_path: Path, text: str) -> None:
    folder = adapter(tmp_path / "a")
    (folder / CONFIG).write_text(text, encoding="utf-8")

    with pytest.raises(AdapterRefused):
        read(folder)


def test_the_base_model_is_compared_by_its_own_name(tmp_path: Path) -> None:
    found = read(adapter(tmp_path / "a"))

    check_base(found, "Base-7b")
    check_base(found, "/models/Base-7b/")
    with pytest.raises(AdapterRefused, match="trained on Base-7b and cannot be used with Other"):
        check_base(found, "Other")
