"""Elementwise operations: the rate of dropout, and compiled ones against eager ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.trainer.doubles import KINDS
from tests.trainer.model.adapted_models import adapted, cosine, gradients, with_random_weights
from trainer.model import elementwise


@pytest.fixture(autouse=True)
def eager_kernels() -> Iterator[None]:
    yield
    elementwise.use_compiled(False)


def test_dropout_drops_its_share_and_keeps_the_expectation() -> None:
    x = torch.ones(256, 512)

    dropped = elementwise.drop(x, torch.tensor(7), int(0.05 * 2**31))
    other = elementwise.drop(x, torch.tensor(8), int(0.05 * 2**31))

    assert float((dropped == 0).float().mean()) == pytest.approx(0.05, abs=0.003)
    both = ((dropped == 0) & (other == 0)).float().mean()
    assert float(both) == pytest.approx(0.0025, abs=0.001)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_compiled_kernels_train_like_eager_ones(tmp_path: Path, kind: str) -> None:
    def run() -> tuple[float, Tensor]:
        model = with_random_weights(adapted(dropout=0.1, kind=kind, int8=True, bf16=True))
        torch.manual_seed(1)
        return gradients(model)

    if not elementwise.can_compile(tmp_path):
        pytest.skip("no C++ compiler here")
    eager_loss, eager = run()
    elementwise.use_compiled(True)

    loss, found = run()

    assert loss == pytest.approx(eager_loss, rel=2e-3)
    assert cosine(found, eager) > 0.999
