"""One training from plan to adapter: start or resume, measure, train, judge, write.

Puts the other modules together; each does its own part. It does not know the command line.
"""

import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainer import files, training_folder
from trainer.adapters.names import free_folder
from trainer.errors import TrainingMissing
from trainer.planning import memory, plan
from trainer.planning.options import Options
from trainer.process.ranks import Processes, current, joined
from trainer.process.signals import Signals
from trainer.progress import events

FREE_DISK_BYTES = 20_000_000
"""Beside the checkpoints: curve, results, the adapter's own files."""


@dataclass(frozen=True)
class Run:
    """What one process needs to know about one start of a training."""

    home: Path
    training: training_folder.Training
    plan: plan.Plan
    listener: events.Listener
    signals: Signals
    processes: Processes
    began: float

    @property
    def options(self) -> Options:
        """The training's options, with what was fixed at its first start."""
        return self.plan.options


def start(
    options: Options, home: Path, *, training_id: str | None, listener: events.Listener
) -> Path:
    """Train from the beginning and return the adapter's folder.

    Raises:
        TrainerError: something cannot work; nothing half written is left.
        Interrupted: a signal asked to stop; the training can be resumed.
    """
    processes = current()
    began = time.monotonic()
    signals = Signals()
    with signals.caught(), joined(processes):
        made = _planned(options, home, processes)
        _check(made)
        folder = None
        if processes.first:
            _check_disk(made, home)
            begun = training_folder.new(home, training_id)
            begun.fix(_fixed(made))
            folder = begun.folder
        training = training_folder.Training(Path(str(processes.agree(folder))))
        signals.training = training.id
        with _alone(training, processes):
            return _go(
                Run(home, training, made, _heard(listener, processes), signals, processes, began)
            )


def resume(home: Path, training_id: str | None, *, listener: events.Listener) -> Path:
    """Continue a training exactly where its newest checkpoint was taken.

    Raises:
        TrainerError: there is none, or its data or model changed.
        Interrupted: a signal asked to stop again.
    """
    processes = current()
    began = time.monotonic()
    signals = Signals()
    with signals.caught(), joined(processes):
        training = training_folder.find(home, training_id)
        signals.training = training.id
        fixed = training.fixed
        if fixed["processes"] != processes.count:
            raise TrainingMissing(
                f"The training {training.id} was started with {fixed['processes']} processes, "
                f"not {processes.count}; resume it with as many."
            )
        made = _planned(Options.from_dict(fixed["options"]), home, processes)
        _check_same(fixed, made, training)
        made = replace(made, output=free_folder(Path(fixed["output"])))
        _check(made)
        with _alone(training, processes):
            if processes.first:
                _check_disk(made, home)
                training.prune()
            return _go(
                Run(home, training, made, _heard(listener, processes), signals, processes, began)
            )


def _planned(options: Options, home: Path, processes: Processes) -> plan.Plan:
    return plan.make(options, home, processes=processes.count, local_processes=processes.local)


def _go(run: Run) -> Path:
    run.listener(events.Planned(training=run.training.id, plan=run.plan.to_dict()))
    from trainer.run import session  # torch and transformers are imported from here on

    return session.train(run)


def _alone(
    training: training_folder.Training, processes: Processes
) -> AbstractContextManager[None]:
    return training.held() if processes.first else nullcontext()


def _heard(listener: events.Listener, processes: Processes) -> events.Listener:
    return listener if processes.first else events.silent


def _check(made: plan.Plan) -> None:
    needed = made.estimate.total * made.local_processes
    memory.check(
        needed,
        memory.available(),
        micro_batch_size=made.options.micro_batch_size,
        precision=made.options.precision,
    )


def _check_disk(made: plan.Plan, home: Path) -> None:
    checkpoint = made.estimate.adapter  # weights, two moments and, inside a step, gradients
    kept = (training_folder.KEPT_CHECKPOINTS + 1) * checkpoint
    files.check_writable(home / "trainings", needed=kept + FREE_DISK_BYTES)
    files.check_writable(made.output.parent, needed=checkpoint // 4 + FREE_DISK_BYTES)


def _fixed(made: plan.Plan) -> dict[str, Any]:
    """Return what a resume must find unchanged, and what it takes over."""
    return {
        "options": _at_home(made.options).to_dict(),
        "base_model": made.source.name,
        "base_path": made.source.path,
        "data_digest": made.facts["data_digest"],
        "rows": made.facts["rows"],
        "steps": len(made.steps),
        "tokens": sum(made.steps.tokens),
        "processes": made.processes,
        "output": str(made.output),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _at_home(options: Options) -> Options:
    """Make paths absolute: a resume may start in another folder."""

    def absolute(value: str | None) -> str | None:
        return str(Path(value).absolute()) if value and Path(value).exists() else value

    return replace(
        options,
        base_model=absolute(options.base_model),
        data_path=str(absolute(options.data_path)),
        val_data_path=absolute(options.val_data_path),
    )


def _check_same(fixed: dict[str, Any], made: plan.Plan, training: training_folder.Training) -> None:
    now = _fixed(made)
    names = {
        "base_model": "the base model",
        "data_digest": "the data",
        "rows": "the rows chosen from it",
        "tokens": "its tokens",
        "steps": "the number of steps",
    }
    for key, what in names.items():
        if fixed[key] != now[key]:
            raise TrainingMissing(
                f"The training {training.id} cannot be resumed: {what} changed since it started; "
                "restore it, or start anew."
            )


def with_threads(run: Run, threads: int) -> Run:
    """Return `run` with its thread count fixed, for every later start too."""
    made = replace(run.plan, options=replace(run.plan.options, threads=threads))
    if run.processes.first:
        run.training.fix({**run.training.fixed, "options": made.options.to_dict()})
    return replace(run, plan=made)
