"""What must hold before an adapter is applied to the model that is loaded."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tasks.adapters import verify
from tasks.adapters.verify import AdapterVerifier
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import WEIGHTS, read_weights
from trainer.errors import AdapterRefused

QUERY = "base_model.model.model.layers.0.self_attn.q_proj"


@pytest.fixture
def verifier() -> AdapterVerifier:
    """The verifier of a model with one layer, of which the adapter changes the queries."""
    linears = {"model.layers.0.self_attn.q_proj": [32, 32], "model.layers.0.mlp.up_proj": [64, 32]}
    return AdapterVerifier("org/tiny", linears)


def test_an_adapter_that_fits_is_checked_once(
    verifier: AdapterVerifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = read(write_adapter(tmp_path / "one"))
    verifier.verify(adapter)

    monkeypatch.setattr(verify, "read_weights", lambda *_: pytest.fail("it was read again"))
    verifier.verify(adapter)


def test_an_adapter_of_another_base_model_is_refused_though_its_tensors_fit(
    verifier: AdapterVerifier, tmp_path: Path
) -> None:
    verifier.verify(read(write_adapter(tmp_path / "one")))

    with pytest.raises(AdapterRefused, match="trained on another-model"):
        verifier.verify(read(write_adapter(tmp_path / "other", base_model="another-model")))


def test_an_adapter_on_experts_is_refused_with_what_can_be_changed(tmp_path: Path) -> None:
    attention = AdapterVerifier("org/tiny", {"model.layers.0.self_attn.o_proj": [32, 32]})

    with pytest.raises(AdapterRefused, match="changes q_proj; of this model only o_proj can be"):
        attention.verify(read(write_adapter(tmp_path / "one")))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({f"{QUERY}.lora_A.weight": torch.zeros(2, 31)}, "does not fit the model"),
        ({f"{QUERY}.lora_B.weight": torch.zeros(32, 3)}, "does not fit the model"),
        ({f"{QUERY}.lora_B.weight": None}, "does not fit the model"),
        ({f"{QUERY}.lora_C.weight": torch.zeros(2, 32)}, "does not fit the model"),
        ({"base_model.model.model.embed_tokens.weight": torch.zeros(8, 32)}, "does not fit"),
        ({f"{QUERY}.lora_A.weight": torch.full((2, 32), float("nan"))}, "not finite"),
        ({f"{QUERY}.lora_B.weight": torch.full((32, 2), float("inf"))}, "not finite"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    verifier: AdapterVerifier,
    tmp_path: Path,
    changes: dict[str, torch.Tensor | None],
    reason: str,
) -> None:
    folder = write_adapter(tmp_path / "one")
    tensors = {**load_file(folder / WEIGHTS), **changes}
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(kept, folder / WEIGHTS)

    with pytest.raises(AdapterRefused, match=reason):
        verifier.verify(read(folder))


def test_files_replaced_after_they_were_read_are_refused(
    verifier: AdapterVerifier, tmp_path: Path
) -> None:
    adapter = read(write_adapter(tmp_path / "one"))
    other = write_adapter(tmp_path / "two", seed=1)

    (other / WEIGHTS).replace(adapter.path / WEIGHTS)

    with pytest.raises(AdapterRefused, match="were replaced"):
        verifier.verify(adapter)
    with pytest.raises(AdapterRefused, match="were replaced"):
        read_weights(adapter.path, adapter.digest)


def test_the_tensors_that_are_checked_are_those_that_were_hashed(
    verifier: AdapterVerifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good file that lies there only while the tensors are looked at vouches for nothing."""
    bad, good = write_adapter(tmp_path / "bad"), write_adapter(tmp_path / "good")
    save_file(
        {**load_file(bad / WEIGHTS), f"{QUERY}.lora_A.weight": torch.full((2, 32), float("nan"))},
        bad / WEIGHTS,
    )
    adapter = read(bad)

    def replaced_once_read(folder: Path, digest: str) -> bytes:
        content = read_weights(folder, digest)
        (good / WEIGHTS).replace(bad / WEIGHTS)
        return content

    monkeypatch.setattr(verify, "read_weights", replaced_once_read)

    with pytest.raises(AdapterRefused, match="not finite"):
        verifier.verify(adapter)


def test_files_that_vanished_after_they_were_read_are_refused(
    verifier: AdapterVerifier, tmp_path: Path
) -> None:
    adapter = read(write_adapter(tmp_path / "one"))
    (adapter.path / WEIGHTS).unlink()

    with pytest.raises(AdapterRefused):
        verifier.verify(adapter)
    with pytest.raises(AdapterRefused):
        read_weights(adapter.path, adapter.digest)
