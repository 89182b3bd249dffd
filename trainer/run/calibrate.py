"""A short measurement of the real thing: how fast a pack is learned, with how many threads.

Gradients are thrown away and the random state is not used by anything later, so that measuring
changes no result.
"""

import time
from collections.abc import Sequence
from typing import Any

import torch

from trainer.data.steps import Step
from trainer.model.lora import trained
from trainer.model.loss import pack_loss, packed_rows


def best(model: Any, step: Step, candidates: Sequence[int]) -> tuple[int, float]:
    """Return the fastest of the thread counts, and its tokens per second on a pack of `step`."""
    pack = step.packs[len(step.packs) // 2]
    speeds: dict[int, float] = {}
    model.train()
    with packed_rows(model):
        torch.autograd.backward(
            pack_loss(model, pack)
        )  # the first pass pays for memory and kernels
        for threads in candidates:
            torch.set_num_threads(threads)
            started = time.perf_counter()
            torch.autograd.backward(pack_loss(model, pack))
            speeds[threads] = len(pack) / (time.perf_counter() - started)
    for parameter in trained(model):
        parameter.grad = None
    threads = max(speeds, key=lambda count: speeds[count])
    return threads, speeds[threads]
