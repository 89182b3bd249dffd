"""The part of a training that holds the model: load, measure, train, measure again, write.

Every result that a later start would need again is noted in the training's folder. It does not
decide what to train, nor whether that may start.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainer.errors import TrainingMissing
from trainer.evaluation import measure
from trainer.model import elementwise, frozen_base, lora
from trainer.model.loss import packed_rows
from trainer.planning import speeds
from trainer.process.ranks import cores
from trainer.process.signals import Interrupted
from trainer.progress import events
from trainer.run import calibrate, start
from trainer.run.loop import Loop, Stop, arguments
from trainer.run.save_adapter import write
from trainer.run.watcher import Watch


@dataclass(frozen=True)
class Measured:
    """Held-out losses and the answers to the fixed questions, at one point of the training."""

    losses: measure.Losses
    answers: list[dict[str, str]]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values; floats survive JSON exactly."""
        losses = {"own": self.losses.own, "other": self.losses.other}
        return {"losses": losses, "answers": self.answers}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Measured":
        """Read what `to_dict` wrote."""
        return cls(measure.Losses(**values["losses"]), values["answers"])


def train(this: "start.Run") -> Path:
    """Train and return the adapter's folder; see `run.start`."""
    model = _model(this)
    this, speed = _calibrated(this, model)
    torch.set_num_threads(int(this.options.threads or 1))
    before = _before(this, model)
    _announce(this, speed)
    _tell_base(this, before)
    history, speed = _fit(this, model)
    after = _measure(this, model)
    verdict = measure.judge(
        before.losses,
        after.losses,
        measure.response_tokens(this.plan.held_out.encoded),
        measure.response_bytes(this.plan.held_out.encoded, this.plan.tokenizer),
    )
    output = None
    if this.processes.first:
        answers = [
            {**old, "base": old["answer"], "adapter": new["answer"]}
            for old, new in zip(before.answers, after.answers, strict=True)
        ]
        output = write(this, model, verdict, answers, history)
        this.training.prune(keep=0)  # nothing goes on from here
        if speed:
            speeds.remember(this.home, this.plan.speed_key, speed)
    output = this.processes.agree(output)
    assert output is not None
    this.listener(
        events.Finished(
            training=this.training.id,
            output=str(output),
            verdict=verdict.verdict,
            summary=verdict.summary,
            steps=len(this.plan.steps),
            seconds=round(time.monotonic() - this.began, 1),
            evaluation=verdict.to_dict(),
        )
    )
    return output


def _model(this: "start.Run") -> Any:
    torch.set_num_threads(int(this.options.threads or cores(this.processes)))
    options = this.options
    if options.precision == "int8":
        _choose_kernels(this)
    model = frozen_base.load(this.plan.source, options.precision, cache=this.home / "cache")
    adapted = lora.attach(
        model,
        rank=options.lora_r,
        alpha=options.lora_alpha,
        dropout=options.lora_dropout,
        targets=options.lora_target_modules,
        seed=options.seed,
    )
    if options.gradient_checkpointing:
        frozen_base.checkpoint_gradients(model)
    return adapted


def _choose_kernels(this: "start.Run") -> None:
    """Compile the kernels where that works; a resumed training computes as it did before."""
    noted = this.processes.agree(this.training.noted("kernels"))
    works = elementwise.can_compile(this.home / "cache" / "kernels")
    if noted and noted["compiled"] and not works:
        raise TrainingMissing(
            f"The training {this.training.id} began with compiled kernels, and there is no working "
            "C++ compiler any more; install one (g++) and resume again."
        )
    compiled = this.processes.agree(noted["compiled"] if noted else works)
    elementwise.use_compiled(compiled)
    if this.processes.first and not noted:
        this.training.note("kernels", {"compiled": compiled})


def _calibrated(this: "start.Run", model: Any) -> tuple["start.Run", float | None]:
    """Fix the thread count at the first start, and know about how fast this will be."""
    speed = this.plan.speed
    if this.options.threads and speed:
        return this, speed
    most = cores(this.processes)
    candidates = [this.options.threads] if this.options.threads else [most, max(1, most // 2)]
    threads, speed = this.processes.agree(
        calibrate.best(model, this.plan.steps[0], list(dict.fromkeys(candidates)))
    )
    if this.options.threads is None:
        this = start.with_threads(this, threads)
    return this, speed * this.processes.count


def _tell_base(this: "start.Run", before: Measured) -> None:
    tokens = measure.response_tokens(this.plan.held_out.encoded)
    if tokens and not this.training.checkpoints():
        loss = sum(before.losses.own) / sum(tokens)
        steps = len(this.plan.steps)
        this.listener(events.Evaluated(step=0, steps=steps, validation_loss=loss))


def _before(this: "start.Run", model: Any) -> Measured:
    noted = this.processes.agree(this.training.noted("before"))
    if noted:
        return Measured.from_dict(noted)
    with model.disable_adapter():
        measured = _measure(this, model)
    if this.processes.first:
        this.training.note("before", measured.to_dict())
    return measured


def _measure(this: "start.Run", model: Any) -> Measured:
    rows = this.plan.held_out.encoded
    losses = measure.losses(
        model,
        rows,
        limit=this.plan.steps.limit,
        share=this.options.packing,
        processes=this.processes,
    )
    answers = []
    if this.processes.first:
        answers = measure.answers(model, this.plan.tokenizer, this.plan.style)
    return Measured(losses, answers)


def _announce(this: "start.Run", speed: float | None) -> None:
    steps = len(this.plan.steps)
    left = this.plan.seconds_at(speed) if speed else None
    output = str(this.plan.output)
    checkpoint = next(reversed(this.training.checkpoints()), None)
    if checkpoint is None:
        event: events.Event = events.Started(
            training=this.training.id, output=output, steps=steps, seconds_left=left
        )
    else:
        done = int(checkpoint.name.split("-")[1])
        left = left and left * (1 - done / steps)
        event = events.Resumed(
            training=this.training.id, output=output, step=done, steps=steps, seconds_left=left
        )
    this.listener(event)


def _fit(this: "start.Run", model: Any) -> tuple[list[dict[str, Any]], float | None]:
    """Train to the end; return the history of losses and the speed."""
    options, steps = this.options, this.plan.steps
    watch = Watch(
        this.plan,
        this.training,
        this.processes,
        this.listener,
        asked_to_stop=lambda: this.signals.asked,
    )
    checkpoint = this.processes.agree(next(reversed(this.training.checkpoints()), None))
    loop = Loop(
        model=model,
        steps=steps,
        arguments=arguments(
            this.training.folder,
            steps=len(steps),
            learning_rate=options.learning_rate,
            warmup_steps=round(options.warmup_share * len(steps)),
            seed=options.seed,
        ),
        watcher=watch,
        place=this.training.checkpoint_path,
        clock=time.perf_counter,
    )
    try:
        with this.signals.patient(), packed_rows(model):
            loop.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except Stop as stopped:
        raise Interrupted(this.training.id) from stopped
    if this.signals.asked:
        raise Interrupted(this.training.id)
    history = [one for one in loop.state.log_history if {"loss", "validation_loss"} & one.keys()]
    return history, watch.stopwatch.tokens_per_second
