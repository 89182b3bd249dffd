"""Learning from pairs: the right answer made likelier than the one that a person found wrong.

The loss of a pair is -log σ(β·((log π(right) - log π₀(right)) - (log π(wrong) - log π₀(wrong))))
(DPO, arXiv:2305.18290), with the base model as π₀, beside the plain loss of the right answer
(RPO, arXiv:2404.19733). Its gradient is that of the answers' own losses times a factor, which one
pass without gradients finds. So a pair is two rows with weights, in whatever packs they lie, and
nothing else of the training changes. No library's trainer is needed for that one line. This module
does not know where pairs come from.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from trainer.data.packing import Pack
from trainer.data.steps import Step
from trainer.model.loss import packed_rows, token_losses

BETA = 0.1


def weighted(model: Any, step: Step) -> Step:
    """Return `step` with weights whose sum of losses has the gradient of its pairs' and rows' loss.

    As everywhere that sum is divided by the labels of the step, among which wrong answers do not
    count; the loss of the pairs is their mean.
    """
    packs = step.learned
    rows = 1 + max(owner for pack in packs for owner in pack.owners)
    now = _row_losses(model, packs, rows)
    with model.disable_adapter():
        base = _row_losses(model, packs, rows)
    gained = base - now  # [rows]: log π - log π₀
    weights = torch.ones(rows, dtype=torch.float64)
    for right, wrong in step.pairs:
        margin = BETA * (gained[right] - gained[wrong])
        factor = BETA * torch.sigmoid(-margin) * step.labels / len(step.pairs)
        weights[right], weights[wrong] = 1 + factor, -factor
    weighed = [_with_weights(pack, weights) for pack in packs]
    return replace(step, packs=[*weighed, *step.replayed])


def _row_losses(model: Any, packs: Sequence[Pack], rows: int) -> Tensor:
    """Return the summed loss of each row's answer in nats, [rows] fp64, without dropout."""
    sums = torch.zeros(rows, dtype=torch.float64)
    model.eval()
    with torch.no_grad(), packed_rows(model):
        for pack in packs:
            sums.index_add_(0, torch.tensor(pack.owners), token_losses(model, pack).double())
    model.train()
    return sums


def _with_weights(pack: Pack, weights: Tensor) -> Pack:
    return replace(pack, weights=[float(weights[owner]) for owner in pack.owners])
