"""A short measurement on the loaded model: tokens per second of training, by number of threads.

The measured passes run before training and leave nothing behind: their gradients are deleted, and
no later result depends on the random state they leave.
"""

import time
from collections.abc import Sequence
from typing import Any

import torch

from trainer.data.steps import Step
from trainer.model.lora import trained
from trainer.model.loss import pack_loss, packed_rows


def fastest_threads(model: Any, step: Step, candidates: Sequence[int]) -> tuple[int, float]:
    """Return the fastest of the thread counts, and its tokens per second on a pack of `step`.

    Leaves torch's thread count at the last candidate.
    """
    pack = step.packs[len(step.packs) // 2]
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
