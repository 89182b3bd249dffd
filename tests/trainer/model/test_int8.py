"""The int8 path computes nearly what bf16 and fp32 do, and its fused passes what plain ones do."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from torch import Tensor

from tests.trainer.doubles import random_rows, tiny_model
from trainer.base_model.load import load_model
from trainer.base_model.source import find
from trainer.data.packing import pack
from trainer.errors import ModelMissing
from trainer.model import elementwise, frozen_base, lora
from trainer.model.fused import fuse
from trainer.model.int8 import Int8Linear, LastInput
from trainer.model.loss import pack_loss, packed_rows


@pytest.fixture(autouse=True)
def eager_kernels() -> Iterator[None]:
    yield
    elementwise.use_compiled(False)


def cosine(one: Tensor, other: Tensor) -> float:
    return float(torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), 0))


def test_an_int8_layer_and_its_gradient_are_close_to_the_exact_ones() -> None:
    torch.manual_seed(0)
    weight = torch.randn(96, 64)
    x = torch.randn(10, 64, requires_grad=True)
    exact = x @ weight.t()
    torch.autograd.backward(exact.square().sum())
    expected = x.grad
    again = x.detach().requires_grad_()

    result = Int8Linear(weight, LastInput())(again)
    torch.autograd.backward(result.square().sum())

    assert cosine(result.detach(), exact.detach()) > 0.9995
    assert again.grad is not None
    assert expected is not None
    assert cosine(again.grad, expected) > 0.999


def test_an_input_is_quantised_once_until_it_changes() -> None:
    inputs = LastInput()
    x = torch.randn(4, 8)

    first = inputs.of(x)
    assert inputs.of(x) is first
    x.mul_(2)
    assert inputs.of(x) is not first


def adapted(dropout: float = 0.0, *, int8: bool = False, bf16: bool = False) -> Any:
    model = tiny_model(hidden_size=64, intermediate_size=160, num_hidden_layers=3)
    if bf16:
        model.to(torch.bfloat16)
    if int8:
        frozen_base.quantise(model)
    return lora.attach(
        model, rank=4, alpha=8, dropout=dropout, targets=("q_proj", "v_proj"), seed=3
    )


def stirred(model: torch.nn.Module) -> torch.nn.Module:
    """Give the adapter's B, which starts at zero, some weight."""
    generator = torch.Generator().manual_seed(5)
    for parameter in lora.trained(model):
        parameter.data.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    return model


def gradients(model: torch.nn.Module) -> tuple[float, Tensor]:
    (one,) = pack(random_rows(12), limit=1000, share=True)[:1]
    model.train()
    with packed_rows(model):
        loss = pack_loss(model, one)
        torch.autograd.backward(loss)
    flat = [p.grad.flatten() for p in lora.trained(model) if p.grad is not None]
    return float(loss.detach()), torch.cat(flat)


def test_the_int8_base_gives_the_adapter_nearly_the_same_gradients() -> None:
    exact_loss, exact = gradients(stirred(adapted()))
    model = stirred(adapted(int8=True))

    loss, found = gradients(model)

    assert loss == pytest.approx(exact_loss, rel=0.01)
    assert cosine(found, exact) > 0.995


def test_fused_modules_compute_what_transformers_does() -> None:
    plain_loss, plain = gradients(stirred(adapted()))
    model = stirred(adapted())
    fuse(model)

    loss, found = gradients(model)

    assert loss == pytest.approx(plain_loss, rel=1e-6)
    torch.testing.assert_close(found, plain, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_the_low_rank_path_is_pefts() -> None:
    model = tiny_model()
    config = LoraConfig(
        r=4, lora_alpha=8, lora_dropout=0.0, target_modules=["q_proj", "v_proj"], bias="none"
    )
    reference = stirred(get_peft_model(copy.deepcopy(model), config))
    ours = stirred(
        lora.attach(model, rank=4, alpha=8, dropout=0, targets=("q_proj", "v_proj"), seed=0)
    )
    ours.load_state_dict(reference.state_dict())

    expected_loss, expected = gradients(reference)
    loss, found = gradients(ours)

    assert loss == pytest.approx(expected_loss, rel=1e-6)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_dropout_drops_its_share_and_keeps_the_expectation() -> None:
    x = torch.ones(256, 512)

    dropped = elementwise.drop(x, torch.tensor(7), int(0.05 * 2**31))
    other = elementwise.drop(x, torch.tensor(8), int(0.05 * 2**31))

    assert float((dropped == 0).float().mean()) == pytest.approx(0.05, abs=0.003)
    both = ((dropped == 0) & (other == 0)).float().mean()
    assert float(both) == pytest.approx(0.0025, abs=0.001)


def test_dropout_depends_on_the_seed_only() -> None:
    found = []
    for seed in (11, 11, 12):
        model = stirred(adapted(dropout=0.3))
        torch.manual_seed(seed)
        found.append(gradients(model)[1])

    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
def test_compiled_kernels_train_like_eager_ones(tmp_path: Path) -> None:
    def run() -> tuple[float, Tensor]:
        model = stirred(adapted(dropout=0.1, int8=True, bf16=True))
        torch.manual_seed(1)
        return gradients(model)

    if not elementwise.can_compile(tmp_path):
        pytest.skip("no C++ compiler here")
    eager_loss, eager = run()
    elementwise.use_compiled(True)

    loss, found = run()

    assert loss == pytest.approx(eager_loss, rel=2e-3)
    assert cosine(found, eager) > 0.999


def test_int8_weights_are_read_one_by_one_to_the_same_model(tmp_path: Path) -> None:
    tiny_model().to(torch.bfloat16).save_pretrained(tmp_path)
    whole = load_model(find(str(tmp_path)), dtype=torch.bfloat16)
    frozen_base.quantise(whole)

    streamed = frozen_base.load(find(str(tmp_path)), "int8", cache=tmp_path / "cache")

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
