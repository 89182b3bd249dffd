"""Short measurements before training: which output layer and how many threads are the fastest here.

They leave nothing behind: their gradients are deleted, and no later result depends on the random
state they leave.
"""

import time
from collections.abc import Sequence
from typing import Any

import torch

from trainer.data.steps import Step
from trainer.model.lora import trained
from trainer.model.loss import pack_loss, packed_rows
from trainer.model.output_layer import LABELS_AT_ONCE, Int8OutputLayer, label_losses

VOCABULARY = 4096
"""Tokens of the output layer that is measured: enough for the speed that a whole one has."""


def fastest_threads(model: Any, step: Step, candidates: Sequence[int]) -> tuple[int, float]:
    """Return the fastest of the thread counts, and its tokens per second on a pack of `step`.

    Leaves torch's thread count at the last candidate.
    """
    pack = step.middle_pack
    speeds: dict[int, float] = {}
    model.train()
    with packed_rows(model):
        # Not timed: the first pass allocates memory and builds kernels.
        torch.autograd.backward(pack_loss(model, pack))
        for threads in candidates:
            torch.set_num_threads(threads)
            started = time.perf_counter()
            torch.autograd.backward(pack_loss(model, pack))
            speeds[threads] = len(pack) / (time.perf_counter() - started)
    for parameter in trained(model):
        parameter.grad = None
    threads = max(speeds, key=lambda count: speeds[count])
    return threads, speeds[threads]


def int8_output_is_faster(width: int) -> bool:
    """Tell whether an output layer of `width` is faster in int8 than in bf16, with its gradients.

    That depends on the CPU's instructions (AMX, bf16 or VNNI alone) and on torch's kernels for
    them. True means int8.
    """
    exact = torch.nn.Linear(width, VOCABULARY, bias=False, dtype=torch.bfloat16)
    exact.requires_grad_(False)
    layers = (Int8OutputLayer(exact.weight), exact)
    hidden = torch.randn(LABELS_AT_ONCE, width, dtype=torch.bfloat16, requires_grad=True)
    targets = torch.randint(VOCABULARY, (LABELS_AT_ONCE,))
    seconds = {layer: float("inf") for layer in layers}
    for layer in layers * 3:  # each one's first pass also allocates memory and builds kernels
        started = time.perf_counter()
        torch.autograd.backward(label_losses(layer, hidden, targets).sum())
        seconds[layer] = min(seconds[layer], time.perf_counter() - started)
    return seconds[layers[0]] < seconds[layers[1]]
