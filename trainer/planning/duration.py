"""The speed of a training that this host never did: a bound, or seconds of measuring.

torch is imported only where it is measured.
"""

from dataclasses import replace
from pathlib import Path

from trainer.base_model.load import load_config
from trainer.planning import memory, speeds
from trainer.planning.options import decided
from trainer.planning.plan import Plan

SLOWEST = 5e9
"""Operations a second that any host does."""
SHORT_SECONDS = 60.0
"""What takes no longer even on the slowest host is not measured."""
OPERATIONS = 4
"""Of a trained token for each parameter: forward, and the gradient of the input."""
MEMORY_SHARE = 0.3
"""Measuring takes at most this share of the memory that is free."""


def with_speed(plan: Plan, home: Path) -> Plan:
    """Return `plan` with a speed where it has none; without one where measuring is impossible."""
    if plan.speed is not None:
        return plan
    slowest = SLOWEST * plan.processes / (OPERATIONS * plan.shape.parameters)
    if plan.seconds_at(slowest) <= SHORT_SECONDS:
        return replace(plan, speed=slowest)
    key = f"{plan.speed_key}/estimated"
    speed = speeds.recall(home, key) or _measured(plan, home)
    if speed is None:
        return plan
    speeds.remember(home, key, speed)
    return replace(plan, speed=speed)


def _measured(plan: Plan, home: Path) -> float | None:
    """Measure on two layers; None where they take too much memory, or cannot be computed."""
    layer = plan.shape.block_parameters / plan.shape.layers
    if 2 * layer * 4 > MEMORY_SHARE * memory.available():
        return None
    import torch

    from trainer.model.speed_estimate import tokens_per_second
    from trainer.process.ranks import Processes, cores

    options = plan.options
    torch.set_num_threads(options.threads or cores(Processes()))
    try:
        speed = tokens_per_second(
            load_config(plan.source, cache=home / "cache"),
            plan.steps[0].middle_pack,
            precision=options.precision,
            targets=decided(options.lora_target_modules),
            rank=decided(options.lora_r),
            checkpointing=bool(options.gradient_checkpointing),
        )
    except RuntimeError:
        return None
    return speed * plan.processes
