"""The training loop: Hugging Face's Trainer, with a step that is a batch of packed rows.

Optimizer, schedule, clipping and state are the Trainer's. What differs: a step's loss is the sum
over its packs divided by the label tokens of the whole batch, gradients are exchanged once per
step by a plain sum over processes, and a checkpoint can be taken between two packs of a step. This
module does not know files, options or how progress is shown.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainingArguments

from trainer.data.packing import shares
from trainer.data.steps import Step, Steps
from trainer.errors import LossDiverged
from trainer.model.lora import trained
from trainer.model.loss import pack_loss
from trainer.run import checkpoints


class Stop(Exception):
    """Raised between two packs after a checkpoint was saved, because stopping was asked for."""


class Watcher:
    """What the loop asks and tells; the default wants nothing and hears nothing."""

    def stopping(self) -> bool:
        """Tell whether training is to stop as soon as it can be resumed from there."""
        return False

    def checkpoint_due(self) -> bool:
        """Tell whether it is time for a checkpoint."""
        return False

    def pack_done(self, step: Step, done: int, tokens: int, seconds: float) -> None:
        """Hear that this process finished `done` packs of `step`, the last in `seconds`."""

    def step_done(self, loop: "Loop", step: Step, loss: float, learning_rate: float) -> None:
        """Hear that a step is whole; may evaluate."""

    def saved(self, path: Path, step: int) -> None:
        """Hear that a checkpoint is complete."""


class Loop(Trainer):  # type: ignore[misc]
    """Trains `model` on `steps`, saving to the folder that `place(step, packs)` names."""

    def __init__(
        self,
        *,
        model: torch.nn.Module,
        steps: Steps,
        arguments: TrainingArguments,
        watcher: Watcher,
        place: Callable[[int, int], Path],
        clock: Callable[[], float],
    ) -> None:
        super().__init__(model=model, args=arguments, train_dataset=_Indices(len(steps)))
        self.steps, self.watcher = steps, watcher
        self._place, self._clock = place, clock
        self._partial: checkpoints.Partial | None = None
        self._stop = self._save = False
        self._told = -1
        self.remove_callback(PrinterCallback)
        self.remove_callback(ProgressCallback)
        # Gradients are summed here, once per step: no DistributedDataParallel, which would also
        # send the frozen base through the network.
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
        return DataLoader(self.train_dataset, batch_size=1, shuffle=False, collate_fn=_only)

    def floating_point_ops(self, inputs: Any) -> int:
        """Return 0: nobody asks."""
        return 0

    def training_step(
        self, model: torch.nn.Module, inputs: Any, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Add the gradients of this process's packs, exchange them, and return the step's loss."""
        model.train()
        step = self.steps[int(inputs["step"])]
        mine = shares(step.packs, self.ranks)[self.rank]
        done, loss = self._take_up(step)
        for place in range(done, len(mine)):
            loss += self._learn(step, mine[place], place + 1, len(mine))
            if place + 1 < len(mine):
                self._between_packs(step, place + 1, loss)
        loss = self._exchange(loss)
        if not torch.isfinite(torch.tensor(loss)):
            raise LossDiverged(
                f"The loss of step {step.index + 1} is {loss}; lower --learning-rate and resume."
            )
        return torch.tensor(loss)

    def _learn(self, step: Step, index: int, done: int, of: int) -> float:
        started = self._clock()
        # Seeded by place: dropout is the same after a resume and with any number of processes.
        torch.manual_seed(_seed(self.args.seed, step.index, index))
        loss = pack_loss(self.model, step.packs[index]) / step.labels
        torch.autograd.backward(loss)
        value = float(loss.detach())
        self.watcher.pack_done(step, done, len(step.packs[index]), self._clock() - started)
        return value

    def _take_up(self, step: Step) -> tuple[int, float]:
        """Restore the gradients of a step that a checkpoint interrupted."""
        partial, self._partial = self._partial, None
        if partial is None or not partial.packs:
            return 0, 0.0
        for parameter, gradient in zip(trained(self.model), partial.gradients, strict=True):
            parameter.grad = gradient.clone()
        return partial.packs, partial.loss

    def _between_packs(self, step: Step, done: int, loss: float) -> None:
        if self.ranks > 1:  # the others' gradients are not here: wait for the end of the step
            return
        stopping = self.watcher.stopping()
        if stopping or self.watcher.checkpoint_due():
            self._save_aside(checkpoints.Partial(done, loss, _gradients(self.model)))
        if stopping:
            raise Stop

    def _exchange(self, loss: float) -> float:
        """Sum gradients, loss and wishes over all processes; one without a pack adds zeros."""
        stop, save = self.watcher.stopping(), self.watcher.checkpoint_due()
        if self.ranks > 1:
            gradients = _gradients(self.model)
            wishes = torch.tensor([loss, float(stop), float(save and self.rank == 0)])
            flat = torch.cat([*(gradient.flatten() for gradient in gradients), wishes])
            torch.distributed.all_reduce(flat)
            *parts, wishes = torch.split(flat, [*(gradient.numel() for gradient in gradients), 3])
            for parameter, part in zip(trained(self.model), parts, strict=True):
                parameter.grad = part.view_as(parameter).clone()
            loss, stop, save = float(wishes[0]), bool(wishes[1] > 0), bool(wishes[2] > 0)
        self._stop, self._save = stop, save
        return loss

    def _maybe_log_save_evaluate(self, tr_loss: torch.Tensor, *args: Any, **kwargs: Any) -> None:
        """Tell the watcher, then save and stop where the processes agreed to."""
        if self._told == self.state.global_step:  # the Trainer calls again at an epoch's end
            return
        self._told = self.state.global_step
        rate = float(kwargs.get("learning_rate") or self._get_learning_rate())
        loss = float(tr_loss)
        tr_loss -= tr_loss
        self.state.log_history.append(
            {"step": self.state.global_step, "loss": loss, "learning_rate": rate}
        )
        self.watcher.step_done(self, self.steps[self.state.global_step - 1], loss, rate)
        finished = self.state.global_step >= self.state.max_steps
        if self._save or self._stop or finished:
            self._save_aside(None)
        if self._stop and not finished:
            raise Stop

    def _save_aside(self, partial: "checkpoints.Partial | None") -> None:
        step = self.state.global_step
        path = self._place(step, partial.packs if partial else 0)
        if self.rank == 0:
            checkpoints.save(self, path, partial)
            self.watcher.saved(path, step)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        checkpoints.load_adapter(self.model, Path(resume_from_checkpoint))
        self._partial = checkpoints.load_partial(Path(resume_from_checkpoint))


def _only(items: list[dict[str, int]]) -> dict[str, int]:
    (item,) = items
    return item


class _Indices(torch.utils.data.Dataset[dict[str, int]]):
    """The numbers of the steps."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> dict[str, int]:
        if not 0 <= index < self._count:
            raise IndexError(index)
        return {"step": index}


def _gradients(model: torch.nn.Module) -> list[torch.Tensor]:
    return [
        torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for parameter in trained(model)
    ]


def _seed(seed: int, step: int, pack: int) -> int:
    digest = hashlib.sha256(f"{seed}/{step}/{pack}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def arguments(
    folder: Path, *, steps: int, learning_rate: float, warmup_steps: int, seed: int
) -> TrainingArguments:
    """Return the Trainer's arguments: linear decay after the warm-up, AdamW, clipping at 1."""
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=1,
        learning_rate=learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=warmup_steps,
        optim="adamw_torch",
        seed=seed,
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )
