"""The training loop: Hugging Face's Trainer, with a step that is a batch of packed rows.

Optimizer, schedule, clipping and state are the Trainer's. Three things differ. A step's loss is the
sum over its packs divided by the label tokens of the whole batch. Gradients are summed over the
processes once per step. A checkpoint can be taken between two packs of a step. This module does not
know files, options or how progress is shown.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainingArguments

from trainer.corrections import preference
from trainer.corrections.best_point import BestPoint
from trainer.data.packing import shares
from trainer.data.steps import Step, Steps
from trainer.errors import LossDiverged
from trainer.model.lora import trained
from trainer.model.loss import pack_loss
from trainer.run import checkpoints


class TrainingStopped(Exception):
    """The callbacks asked to stop; a checkpoint was saved, from which training can be resumed."""


class LoopCallbacks:
    """What the loop calls; these defaults never stop, never save early and ignore all reports."""

    def stopping(self) -> bool:
        """Tell whether training is to stop at the next place from which it can be resumed."""
        return False

    def checkpoint_due(self) -> bool:
        """Tell whether a checkpoint is to be saved at the next place where one can be."""
        return False

    def pack_done(self, step: Step, done: int, tokens: int, seconds: float) -> None:
        """Called when this process has done `done` of its packs of `step`.

        The last of them had `tokens` tokens and took `seconds`.
        """

    def step_done(self, loop: "Loop", step: Step, loss: float, learning_rate: float) -> None:
        """Called after each step in every process; `loss` is in nats per label token.

        May evaluate the model.
        """

    def saved(self, path: Path, step: int) -> None:
        """Called in the first process when a checkpoint is complete; `step` steps are done."""


class Loop(Trainer):  # type: ignore[misc]
    """Trains `model` on `steps`; a checkpoint is saved to `checkpoint_path(steps, packs)`.

    `packs` counts those done of the next step. `clock` returns seconds. With a `best` point, which
    the callbacks keep, training ends when that has passed.
    """

    def __init__(
        self,
        *,
        model: torch.nn.Module,
        steps: Steps,
        arguments: TrainingArguments,
        callbacks: LoopCallbacks,
        checkpoint_path: Callable[[int, int], Path],
        clock: Callable[[], float],
        best: BestPoint | None = None,
    ) -> None:
        super().__init__(model=model, args=arguments, train_dataset=_StepNumbers(len(steps)))
        self.steps, self.callbacks, self.best = steps, callbacks, best
        self._checkpoint_path, self._clock = checkpoint_path, clock
        self._partial: checkpoints.PartialStep | None = None
        self._stop_after_step = self._save_after_step = False
        self._reported_step = -1
        self.remove_callback(PrinterCallback)
        self.remove_callback(ProgressCallback)
        # No DistributedDataParallel, which would send the frozen base through the network;
        # `_all_reduce` sums the gradients once per step.
        prepare_model = self.accelerator.prepare_model
        self.accelerator.prepare_model = lambda model, **_: prepare_model(
            model, device_placement=False, evaluation_mode=True
        )

    @property
    def rank(self) -> int:
        """The number of this process, from 0."""
        return int(self.args.process_index)

    @property
    def ranks(self) -> int:
        """The number of processes."""
        return int(self.args.world_size)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Return the step numbers in order: every process sees the same."""
        return DataLoader(self.train_dataset, batch_size=1, shuffle=False, collate_fn=_single)

    def floating_point_ops(self, inputs: Any) -> int:
        """Return 0: nothing here uses the Trainer's count of operations."""
        return 0

    def training_step(
        self, model: torch.nn.Module, inputs: Any, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Sum the gradients of the step over packs and processes, and return its loss.

        The loss is a scalar in nats per label token.

        Raises:
            LossDiverged: the loss is not a finite number.
        """
        model.train()
        step = self.steps[int(inputs["step"])]
        if step.pairs:  # the same after a resume inside the step: weights are as at its beginning
            step = preference.weighted(model, step)
        packs = shares(step.packs, self.ranks)[self.rank]
        done, loss = self._restore_partial_step()
        for number, pack in enumerate(packs[done:], done + 1):
            loss += self._backward(step, pack, number)
            if number < len(packs):
                self._between_packs(number, loss)
        loss = self._all_reduce(loss)
        if not torch.isfinite(torch.tensor(loss)):
            raise LossDiverged(
                f"The loss of step {step.index + 1} is {loss}; lower --learning-rate and resume."
            )
        return torch.tensor(loss)

    def _backward(self, step: Step, index: int, number: int) -> float:
        """Add the gradients of pack `index` of `step`, this process's pack `number` from 1."""
        started = self._clock()
        # Seeded by step and pack, so that dropout is the same after a resume and with any number
        # of processes.
        torch.manual_seed(_seed(self.args.seed, step.index, index))
        loss = pack_loss(self.model, step.packs[index]) / step.labels
        torch.autograd.backward(loss)
        value = float(loss.detach())
        self.callbacks.pack_done(step, number, len(step.packs[index]), self._clock() - started)
        return value

    def _restore_partial_step(self) -> tuple[int, float]:
        """Restore the gradients of a step that a checkpoint interrupted.

        Returns its packs done and their summed loss; 0 and 0.0 for a step from its beginning.
        """
        partial, self._partial = self._partial, None
        if partial is None or not partial.packs:
            return 0, 0.0
        for parameter, gradient in zip(trained(self.model), partial.gradients, strict=True):
            parameter.grad = gradient.clone()
        return partial.packs, partial.loss

    def _between_packs(self, done: int, loss: float) -> None:
        """Save a checkpoint inside the step if one is due; stop if asked to."""
        if self.ranks > 1:  # the other ranks' gradients are only here at the end of the step
            return
        stopping = self.callbacks.stopping()
        if stopping or self.callbacks.checkpoint_due():
            self._write_checkpoint(checkpoints.PartialStep(done, loss, _gradients(self.model)))
        if stopping:
            raise TrainingStopped

    def _all_reduce(self, loss: float) -> float:
        """Sum gradients and loss over all processes and return the loss; no pack counts as zeros.

        Whether to stop and whether to save is agreed on in the same message: stop if any process
        wants to, save if the first does.
        """
        stop, save = self.callbacks.stopping(), self.callbacks.checkpoint_due()
        if self.ranks > 1:
            gradients = _gradients(self.model)
            scalars = torch.tensor([loss, float(stop), float(save and self.rank == 0)])
            flat = torch.cat([*(gradient.flatten() for gradient in gradients), scalars])
            torch.distributed.all_reduce(flat)
            *parts, scalars = torch.split(flat, [*(gradient.numel() for gradient in gradients), 3])
            for parameter, part in zip(trained(self.model), parts, strict=True):
                parameter.grad = part.view_as(parameter).clone()
            loss, stop, save = float(scalars[0]), bool(scalars[1] > 0), bool(scalars[2] > 0)
        self._stop_after_step, self._save_after_step = stop, save
        return loss

    def _maybe_log_save_evaluate(self, tr_loss: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        """Report the step, then save and stop as the processes agreed.

        Overrides the Trainer's hook after each optimizer step.

        Raises:
            TrainingStopped: stopping was asked for before the last step.
        """
        if self._reported_step == self.state.global_step:  # called again at the end of an epoch
            return
        self._reported_step = self.state.global_step
        rate = float(kwargs.get("learning_rate") or self._get_learning_rate())
        loss = float(tr_loss)
        tr_loss -= tr_loss
        self.state.log_history.append(
            {"step": self.state.global_step, "loss": loss, "learning_rate": rate}
        )
        self.callbacks.step_done(self, self.steps[self.state.global_step - 1], loss, rate)
        passed = self.best is not None and self.best.passed
        self.control.should_training_stop |= passed
        finished = passed or self.state.global_step >= self.state.max_steps
        if self._save_after_step or self._stop_after_step or finished:
            self._write_checkpoint(None)
        if self._stop_after_step and not finished:
            raise TrainingStopped

    def _write_checkpoint(self, partial: checkpoints.PartialStep | None) -> None:
        step = self.state.global_step
        path = self._checkpoint_path(step, partial.packs if partial else 0)
        if self.rank == 0:
            checkpoints.save(self, path, partial)
            self.callbacks.saved(path, step)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        checkpoints.load_adapter(self.model, Path(resume_from_checkpoint))
        self._partial = checkpoints.load_partial(Path(resume_from_checkpoint))


def _single(items: list[dict[str, int]]) -> dict[str, int]:
    (item,) = items
    return item


class _StepNumbers(torch.utils.data.Dataset[dict[str, int]]):
    """The Trainer's dataset: the numbers of the steps from 0, since `Steps` makes their packs."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> dict[str, int]:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return {"step": index}


def _gradients(model: torch.nn.Module) -> list[torch.Tensor]:
    """Return the gradient of each trained parameter, zeros where there is none."""
    return [
        torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for parameter in trained(model)
    ]


def _seed(seed: int, step: int, pack: int) -> int:
    digest = hashlib.sha256(f"{seed}/{step}/{pack}".encode()).digest()
    return int.from_bytes(digest[:6], "big")
