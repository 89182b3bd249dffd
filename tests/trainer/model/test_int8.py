"""Int8 layers compute nearly what layers in fp32 do."""

import pytest
import torch

from tests.trainer.doubles import KINDS
from tests.trainer.model.adapted_models import adapted, cosine, gradients, with_random_weights
from trainer.model.int8 import Int8Linear, LastInput


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


@pytest.mark.parametrize("kind", KINDS)
def test_the_int8_base_gives_the_adapter_nearly_the_same_gradients(kind: str) -> None:
    exact_loss, exact = gradients(with_random_weights(adapted(kind=kind)))
    model = with_random_weights(adapted(kind=kind, int8=True))

    loss, found = gradients(model)

    assert loss == pytest.approx(exact_loss, rel=0.01)
    assert cosine(found, exact) > 0.995
