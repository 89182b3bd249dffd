"""The part of a training that holds the model: load, measure, train, measure again, write.

Every result that a later start would need again is kept in the training's folder. This module does
not decide what to train, nor whether a training may start. It is the first that imports torch.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from trainer.corrections import replay
from trainer.corrections.best_point import BestPoint
from trainer.errors import TrainingChanged
from trainer.evaluation.measure import loss_per_token
from trainer.evaluation.verdict import Verdict
from trainer.exam.result import ExamResult, overall_verdict
from trainer.model import elementwise, frozen_base, lora
from trainer.model.loss import packed_rows
from trainer.planning import speeds
from trainer.planning.options import decided
from trainer.process.ranks import cores
from trainer.process.signals import StopRequested
from trainer.progress import events
from trainer.run import calibrate, checkpoints
from trainer.run.context import Run, with_threads
from trainer.run.loop import Loop, TrainingStopped
from trainer.run.measurement import (
    Measurement,
    examine,
    judge,
    measure,
    measure_base,
    side_by_side,
    summary_of,
)
from trainer.run.save_adapter import save_adapter
from trainer.run.trainer_arguments import trainer_arguments
from trainer.run.watcher import Watcher
from trainer.training_folder import step_of


def train(run: Run) -> Path:
    """Train and return the adapter's folder.

    Raises:
        TrainerError: the training cannot go on; no half-written adapter is left behind.
        StopRequested: a signal asked to stop; the training can be resumed.
    """
    model = _load_model(run)
    run = _with_replay(run, model)
    run, speed = _with_speed(run, model)
    torch.set_num_threads(int(run.options.threads or 1))
    before = measure_base(run, model)
    _report_start(run, speed)
    _report_base_loss(run, before)
    history, speed = _fit(run, model)
    run.listener(events.Evaluating(steps=len(run.plan.steps)))
    after = measure(run, model)
    verdict = judge(run, before, after)
    exam = examine(run, model)
    output = None
    if run.processes.first:
        output = save_adapter(run, model, verdict, exam, side_by_side(before, after), history)
        run.training.prune(keep=0)  # an ended training is never resumed
        if speed:
            speeds.remember(run.home, run.plan.speed_key, speed)
    output = run.processes.agree(output)
    assert output is not None
    _report_end(run, output, verdict, exam)
    return output


def _load_model(run: Run) -> Any:
    """Return the frozen base model with a new adapter."""
    options = run.options
    torch.set_num_threads(int(options.threads or cores(run.processes)))
    int8_output = options.precision == "int8" and _choose_kernels(run)
    model = frozen_base.load(
        run.plan.source, options.precision, cache=run.home / "cache", int8_output=int8_output
    )
    adapted = lora.attach(
        model,
        rank=decided(options.lora_r),
        alpha=decided(options.lora_alpha),
        dropout=options.lora_dropout,
        targets=decided(options.lora_target_modules),
        seed=options.seed,
    )
    if options.gradient_checkpointing:
        frozen_base.checkpoint_gradients(model)
    return adapted


def _choose_kernels(run: Run) -> bool:
    """Use compiled kernels where they can be built, and tell whether the output layer is int8.

    Both are decided once for all resumes: compiled kernels and int8 round differently, and a
    resumed training must compute as it did before.

    Raises:
        TrainingChanged: the training began with compiled kernels, which cannot be built any more.
    """
    decided = run.processes.agree(run.training.result("kernels"))
    works = elementwise.can_compile(run.home / "cache" / "kernels")
    if decided and decided["compiled"] and not works:
        raise TrainingChanged(
            f"The training {run.training.id} began with compiled kernels, and there is no working "
            "C++ compiler any more; install one (g++) and resume again."
        )
    compiled = run.processes.agree(decided["compiled"] if decided else works)
    elementwise.use_compiled(compiled)
    if decided:  # without a word about the output layer it began when that was always bf16
        return bool(decided.get("int8_output", False))
    int8_output = run.processes.agree(calibrate.int8_output_is_faster(run.plan.shape.hidden))
    if run.processes.first:
        run.training.write_result("kernels", {"compiled": compiled, "int8_output": int8_output})
    return int8_output


def _with_replay(run: Run, model: Any) -> Run:
    """Have the base answer the questions that are replayed, once per training.

    Raises:
        TrainingChanged: it began when other questions were asked.
    """
    plan = run.plan
    if not plan.additions.questions:
        return run
    kept = run.processes.agree(run.training.result("replay"))
    if kept is None and run.processes.first:

        def report(done: int, questions: int) -> None:
            run.listener(events.Answering(done=done, questions=questions))

        asked = plan.additions.questions
        with model.disable_adapter():
            kept = {"answers": replay.answers(model, plan.style, plan.tokenizer, asked, report)}
        run.training.write_result("replay", kept)
    kept = run.processes.agree(kept)
    assert kept is not None
    if len(kept["answers"]) != len(plan.additions.questions):
        raise TrainingChanged(
            f"The training {run.training.id} began with another version, which asked other general "
            "questions; start a new one."
        )
    return replace(run, plan=plan.with_answers(kept["answers"]))


def _with_speed(run: Run, model: Any) -> tuple[Run, float | None]:
    """Decide the thread count at the first start, and return the expected tokens per second.

    Measures only what is not known yet.
    """
    speed = run.plan.speed
    threads = run.options.threads
    if threads and speed:
        return run, speed
    available = cores(run.processes)
    candidates = [threads] if threads else list(dict.fromkeys([available, max(1, available // 2)]))
    threads, speed = run.processes.agree(
        calibrate.fastest_threads(model, run.plan.steps[0], candidates)
    )
    if run.options.threads is None:
        run = with_threads(run, threads)
    return run, speed * run.processes.count


def _report_start(run: Run, speed: float | None) -> None:
    id, output, steps = run.training.id, str(run.plan.output), len(run.plan.steps)
    left = run.plan.seconds_at(speed) if speed else None
    event: events.Event
    if checkpoint := run.training.newest_checkpoint():
        done = step_of(checkpoint)
        left = left and left * (1 - done / steps)
        event = events.Resumed(
            training=id, output=output, step=done, steps=steps, seconds_left=left
        )
    else:
        event = events.Started(training=id, output=output, steps=steps, seconds_left=left)
    run.listener(event)


def _report_base_loss(run: Run, before: Measurement) -> None:
    """Report the base model's held-out loss as step 0, unless an earlier start did."""
    rows = run.plan.held_out.encoded
    if rows and not run.training.checkpoints():
        loss = loss_per_token(before.losses.own, rows)
        steps = len(run.plan.steps)
        run.listener(events.Evaluated(step=0, steps=steps, validation_loss=loss))


def _report_end(run: Run, output: Path, verdict: Verdict, exam: ExamResult | None) -> None:
    evaluation, marks = verdict.to_dict(), exam.to_dict() if exam else {}
    overall = overall_verdict({"evaluation": evaluation, "exam": marks})
    run.listener(
        events.Finished(
            training=run.training.id,
            output=str(output),
            verdict=overall,
            summary=summary_of(overall, verdict, exam),
            steps=len(run.plan.steps),
            seconds=round(time.monotonic() - run.began, 1),
            evaluation=evaluation,
            exam=marks,
        )
    )


def _fit(run: Run, model: Any) -> tuple[list[dict[str, Any]], float | None]:
    """Train to the end; return the history of losses and the tokens per second.

    Raises:
        StopRequested: a signal arrived, and a checkpoint was saved.
    """
    options, steps = run.options, run.plan.steps
    watcher = Watcher(
        run.plan,
        run.training,
        run.processes,
        run.listener,
        stop_requested=lambda: run.signals.stop_requested,
    )
    best = BestPoint() if run.plan.checks else None
    loop = Loop(
        model=model,
        steps=steps,
        arguments=trainer_arguments(
            run.training.folder,
            steps=len(steps),
            learning_rate=decided(options.learning_rate),
            warmup_steps=round(options.warmup_share * len(steps)),
            seed=options.seed,
        ),
        callbacks=watcher,
        checkpoint_path=run.training.checkpoint_path,
        clock=time.perf_counter,
        best=best,
    )
    checkpoint = run.processes.agree(run.training.newest_checkpoint())
    if best and checkpoint:
        best.load(checkpoint)
    if best and checkpoint and best.passed:  # it had ended before its last step
        loop.state = checkpoints.state_of(checkpoint)
    else:
        try:
            with run.signals.deferred(), packed_rows(model):
                loop.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        except TrainingStopped as stopped:
            raise StopRequested(run.training.id) from stopped
    if run.signals.stop_requested:  # at the last step, whose checkpoint is saved
        raise StopRequested(run.training.id)
    if best:
        best.restore(model)
    history = [
        entry for entry in loop.state.log_history if {"loss", "validation_loss"} & entry.keys()
    ]
    return history, watcher.stopwatch.tokens_per_second
