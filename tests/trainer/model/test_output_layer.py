"""The int8 output layer has nearly the losses and gradients of the exact one."""

import pytest
import torch
from torch import Tensor

from tests.trainer.model.adapted_models import cosine
from trainer.model import output_layer
from trainer.model.output_layer import Int8OutputLayer, kept_losses, label_losses

VOCABULARY, WIDTH, LABELS = 3000, 64, 96


@pytest.fixture
def exact() -> torch.nn.Linear:
    """A layer with a large mean row and columns of different sizes, as trained ones have."""
    torch.manual_seed(0)
    layer = torch.nn.Linear(WIDTH, VOCABULARY, bias=False).requires_grad_(False)
    layer.weight.copy_((torch.randn(VOCABULARY, WIDTH) + 3) * 0.1)
    layer.weight[:, 0] *= 0.05
    return layer


def losses_and_gradients(layer: torch.nn.Module, sharpness: float) -> tuple[Tensor, Tensor]:
    """Return losses [labels] and gradients [labels, width] of hidden states with an outlier."""
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(LABELS, WIDTH, generator=generator) * sharpness
    hidden[:, 0] *= 20
    targets = torch.randint(VOCABULARY, (LABELS,), generator=generator)
    losses = label_losses(layer, hidden.requires_grad_(), targets)
    torch.autograd.backward(losses.sum())
    assert hidden.grad is not None
    return losses.detach(), hidden.grad


def test_losses_and_gradients_are_close_to_the_exact_ones(exact: torch.nn.Linear) -> None:
    expected_losses, expected = losses_and_gradients(exact, 4.0)

    losses, found = losses_and_gradients(Int8OutputLayer(exact.weight), 4.0)

    torch.testing.assert_close(losses, expected_losses, rtol=0.02, atol=0.02)
    assert cosine(found, expected) > 0.999


def test_many_small_probabilities_are_not_rounded_away(exact: torch.nn.Linear) -> None:
    """Beside one token's probability of 0.8 each of the others' is less than half a step."""
    exact.weight[: VOCABULARY // 2, 2] += 1.0
    exact.weight[7] = 0.0
    exact.weight[7, 1] = 4.0

    def gradient(layer: torch.nn.Module) -> float:
        """Return the mean gradient of hidden column 2, to which only the others add."""
        hidden = torch.zeros(LABELS, WIDTH)
        hidden[:, 1:3] = torch.tensor([2.5, 1.0])
        targets = torch.full((LABELS,), VOCABULARY - 1)
        losses = label_losses(layer, hidden.requires_grad_(), targets)
        torch.autograd.backward(losses.mean())
        assert hidden.grad is not None
        return float(hidden.grad[:, 2].sum())

    assert gradient(Int8OutputLayer(exact.weight)) == pytest.approx(gradient(exact), rel=0.3)


def test_logits_in_parts_are_those_of_one_product(
    exact: torch.nn.Linear, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = Int8OutputLayer(exact.weight)
    whole, _ = losses_and_gradients(layer, 4.0)
    monkeypatch.setattr(output_layer, "LOGITS_AT_ONCE", 7 * VOCABULARY)

    parts, _ = losses_and_gradients(layer, 4.0)

    torch.testing.assert_close(parts, whole)


@pytest.mark.parametrize("int8", [False, True])
def test_what_is_kept_has_the_gradient_of_the_divergence(
    exact: torch.nn.Linear, int8: bool
) -> None:
    generator = torch.Generator().manual_seed(1)
    base = torch.randn(LABELS, WIDTH, generator=generator) * 4
    hidden = (base + torch.randn(LABELS, WIDTH, generator=generator)).requires_grad_()
    targets = torch.randint(VOCABULARY, (LABELS,), generator=generator)
    was, now = (torch.log_softmax(one @ exact.weight.t(), -1) for one in (base, hidden))
    (expected,) = torch.autograd.grad((was.exp() * (was - now)).sum(), hidden)
    layer = Int8OutputLayer(exact.weight) if int8 else exact

    losses = kept_losses(layer, hidden, base, targets)
    (found,) = torch.autograd.grad(losses.sum(), hidden)

    assert cosine(found, expected) > (0.99 if int8 else 0.99999)
    less_likely = (was - now).gather(1, targets[:, None])[:, 0]
    torch.testing.assert_close(losses, less_likely, rtol=0.02, atol=0.2 if int8 else 1e-4)


@pytest.mark.parametrize("int8", [False, True])
def test_what_did_not_change_has_no_gradient(exact: torch.nn.Linear, int8: bool) -> None:
    layer = Int8OutputLayer(exact.weight) if int8 else exact
    base = torch.randn(LABELS, WIDTH, generator=torch.Generator().manual_seed(1))
    hidden = base.clone().requires_grad_()

    losses = kept_losses(layer, hidden, base, torch.arange(LABELS))
    (found,) = torch.autograd.grad(losses.sum(), hidden)

    assert float(found.abs().max()) < 1e-6
    assert float(losses.detach().abs().max()) < 1e-6
