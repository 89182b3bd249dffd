"""Fused modules compute what transformers does."""

import pytest
import torch

from tests.trainer.doubles import KINDS
from tests.trainer.model.adapted_models import adapted, gradients, with_random_weights
from trainer.model.fused import fuse


@pytest.mark.parametrize("kind", KINDS)
def test_fused_modules_compute_what_transformers_does(kind: str) -> None:
    plain_loss, plain = gradients(with_random_weights(adapted(kind=kind)))
    model = with_random_weights(adapted(kind=kind))
    fuse(model)

    loss, found = gradients(model)

    assert loss == pytest.approx(plain_loss, rel=1e-6)
    torch.testing.assert_close(found, plain, rtol=1e-4, atol=1e-5)
