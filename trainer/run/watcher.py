"""The loop's callbacks: report progress, evaluate now and then, decide when to save and to stop.

When a checkpoint is due depends on the time since the last one alone. This module does not train
and does not know how events are shown.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path

from trainer.data.steps import Step
from trainer.evaluation import measure
from trainer.planning.plan import EVALUATION_COST, MEASUREMENTS, Plan
from trainer.planning.speeds import Stopwatch
from trainer.process.ranks import Processes
from trainer.progress import events
from trainer.run.loop import Loop, LoopCallbacks
from trainer.training_folder import Training

MAX_EVALUATION_SHARE = 0.05
"""Evaluations during the training take at most this share of its time."""


class Watcher(LoopCallbacks):
    """The callbacks of one training.

    `stop_requested` tells whether a signal asked to stop; `clock` returns seconds.
    """

    def __init__(
        self,
        plan: Plan,
        training: Training,
        processes: Processes,
        listener: events.Listener,
        *,
        stop_requested: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._training, self._processes = plan, training, processes
        self._listener, self._stop_requested, self._clock = listener, stop_requested, clock
        self._saved_at = clock()
        self._evaluation_interval = _evaluation_interval(plan)
        self.stopwatch = Stopwatch()
        self._learning_rate = 0.0

    def stopping(self) -> bool:
        """Tell whether a signal asked to stop."""
        return self._stop_requested()

    def checkpoint_due(self) -> bool:
        """Tell whether `--checkpoint-minutes` have passed since the last checkpoint."""
        return self._clock() - self._saved_at >= 60 * self._plan.options.checkpoint_minutes

    def pack_done(self, step: Step, done: int, tokens: int, seconds: float) -> None:
        """Time a pack; inside a step report which part of it is done."""
        # Every process does about as many tokens in the same time.
        self.stopwatch.add(tokens * self._processes.count, seconds)
        packs = -(-len(step.packs) // self._processes.count)
        if done < packs:
            self._report(step, done / packs, None)

    def step_done(self, loop: Loop, step: Step, loss: float, learning_rate: float) -> None:
        """Report a whole step, and evaluate if that is due."""
        self._learning_rate = learning_rate
        self._report(step, 1.0, loss)
        number = step.index + 1
        due = number % self._evaluation_interval == 0
        if number == len(self._plan.steps):  # measured afterwards, unless the best is looked for
            due = self._plan.checks is not None
        if due:
            self._evaluate(loop, number)

    def saved(self, path: Path, step: int) -> None:
        """Report a checkpoint, and remove all but the newest ones."""
        self._saved_at = self._clock()
        self._training.prune()
        self._listener(
            events.CheckpointSaved(step=step, steps=len(self._plan.steps), path=str(path))
        )

    def _report(self, step: Step, part: float, loss: float | None) -> None:
        """Report that `part` (0 to 1) of `step` is done."""
        speed = self.stopwatch.tokens_per_second
        tokens = self._plan.steps.tokens
        left = sum(tokens[step.index + 1 :]) + (1 - part) * tokens[step.index]
        self._listener(
            events.Stepped(
                step=step.index + 1,
                steps=len(tokens),
                part=round(part, 4),
                epoch=round((step.index + part) / self._plan.steps.per_epoch, 4),
                loss=loss,
                learning_rate=self._learning_rate,
                tokens_per_second=speed and round(speed, 1),
                seconds=round(self.stopwatch.seconds, 1),
                seconds_left=speed and round(left / speed, 1),
            )
        )

    def _evaluate(self, loop: Loop, number: int) -> None:
        checks = self._plan.checks
        rows = checks.rows if checks else self._plan.held_out.encoded
        losses = measure.response_losses(
            loop.model,
            rows,
            limit=self._plan.steps.limit,
            share=self._plan.options.packing,
            processes=self._processes,
        )
        loss = checks.loss(losses) if checks else measure.loss_per_token(losses, rows)
        if loop.best:
            loop.best.consider(loop.model, number, loss)
        loop.state.log_history.append({"step": number, "validation_loss": loss})
        self._listener(
            events.Evaluated(step=number, steps=len(self._plan.steps), validation_loss=loss)
        )


def _evaluation_interval(plan: Plan) -> int:
    """Return after how many steps to evaluate.

    At most MEASUREMENTS times, and seldom enough to keep within MAX_EVALUATION_SHARE where the best
    point is not looked for.
    """
    if plan.checks:
        return math.ceil(len(plan.steps) / MEASUREMENTS)
    tokens = plan.held_out.tokens
    if not tokens:
        return len(plan.steps) + 1
    per_step = sum(plan.steps.tokens) / len(plan.steps)
    affordable = EVALUATION_COST * tokens / (MAX_EVALUATION_SHARE * per_step)
    return math.ceil(max(len(plan.steps) / MEASUREMENTS, affordable))
