"""The low-rank product is PEFT's, and its dropout repeats with its seed."""

import copy

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tests.trainer.doubles import tiny_model
from tests.trainer.model.adapted_models import adapted, gradients, with_random_weights
from trainer.model import lora


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_the_low_rank_path_is_pefts() -> None:
    model = tiny_model()
    config = LoraConfig(
        r=4, lora_alpha=8, lora_dropout=0.0, target_modules=["q_proj", "v_proj"], bias="none"
    )
    reference = with_random_weights(get_peft_model(copy.deepcopy(model), config))
    ours = with_random_weights(
        lora.attach(model, rank=4, alpha=8, dropout=0, targets=("q_proj", "v_proj"), seed=0)
    )
    ours.load_state_dict(reference.state_dict())

    expected_loss, expected = gradients(reference)
    loss, found = gradients(ours)

    assert loss == pytest.approx(expected_loss, rel=1e-6)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_dropout_depends_on_the_seed_only() -> None:
    found = []
    for seed in (11, 11, 12):
        model = with_random_weights(adapted(dropout=0.3))
        torch.manual_seed(seed)
        found.append(gradients(model)[1])

    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
