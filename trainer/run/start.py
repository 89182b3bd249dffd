"""One training from plan to adapter: decides whether it may start, and starts or resumes it.

Plans, checks memory and disk, makes or finds the training's folder and locks it; `session` does the
rest. It does not know the command line, and imports no torch before all checks have passed.
"""

import gc
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from trainer import files, training_folder
from trainer.adapters.names import free_folder
from trainer.errors import TrainingChanged
from trainer.planning import memory, plan
from trainer.planning.options import Options
from trainer.planning.plan import Plan
from trainer.process.ranks import Processes, current, joined
from trainer.process.signals import Signals
from trainer.progress import events
from trainer.run.context import Run
from trainer.training_folder import Training

FREE_DISK_BYTES = 20_000_000
"""Needed beside the checkpoints: the curve, results, the adapter's JSON files."""


def start(
    options: Options, home: Path, *, training_id: str | None, listener: events.Listener
) -> Path:
    """Train from the beginning and return the adapter's folder.

    Raises:
        TrainerError: the training cannot start or go on; no half-written adapter is left behind.
        StopRequested: a signal asked to stop; the training can be resumed.
    """
    processes, began, signals = current(), time.monotonic(), Signals()
    with signals.caught(), joined(processes):
        planned = _plan(options, home, processes)
        _check_memory(planned)
        folder = None
        if processes.first:
            _check_disk(planned, home)
            new = training_folder.new(home, training_id)
            new.write_settings(_settings(planned))
            folder = new.folder
        training = Training(Path(str(processes.agree(folder))))
        signals.training = training.id
        with _locked(training, processes):
            heard = _listener_of(processes, listener)
            return _train(Run(home, training, planned, heard, signals, processes, began))


def resume(home: Path, training_id: str | None, *, listener: events.Listener) -> Path:
    """Continue a training exactly where its newest checkpoint was taken; return the adapter.

    Raises:
        TrainerError: the training is missing, busy or changed, or cannot go on.
        StopRequested: a signal asked to stop again.
    """
    processes, began, signals = current(), time.monotonic(), Signals()
    with signals.caught(), joined(processes):
        training = training_folder.find(home, training_id)
        signals.training = training.id
        settings = training.settings
        if settings["processes"] != processes.count:
            raise TrainingChanged(
                f"The training {training.id} was started with {settings['processes']} processes, "
                f"not {processes.count}; resume it with as many."
            )
        planned = _plan(Options.from_dict(settings["options"]), home, processes)
        _check_unchanged(settings, planned, training)
        planned = replace(planned, output=free_folder(Path(settings["output"])))
        heard = _listener_of(processes, listener)
        _wait_for_memory(planned, training, heard)
        with _locked(training, processes):
            if processes.first:
                _check_disk(planned, home)
                training.prune()
            return _train(Run(home, training, planned, heard, signals, processes, began))


def _plan(options: Options, home: Path, processes: Processes) -> Plan:
    return plan.make(options, home, processes=processes.count, local_processes=processes.local)


def _train(run: Run) -> Path:
    run.listener(events.Planned(training=run.training.id, plan=run.plan.to_dict()))
    from trainer.run import session  # imports torch and transformers, which takes seconds

    gc.freeze()
    gc.enable()
    return session.train(run)


def _locked(training: Training, processes: Processes) -> AbstractContextManager[None]:
    return training.locked() if processes.first else nullcontext()


def _listener_of(processes: Processes, listener: events.Listener) -> events.Listener:
    return listener if processes.first else events.silent


def _check_memory(planned: Plan) -> None:
    memory.check(
        planned.estimate.total * planned.local_processes,
        memory.available(),
        micro_batch_size=planned.options.micro_batch_size,
        precision=planned.options.precision,
    )


def _wait_for_memory(planned: Plan, training: Training, listener: events.Listener) -> None:
    """Wait for a lack of memory to pass: a training that has begun must not fail by it."""
    if planned.processes > 1:  # the others would give up waiting for this one
        _check_memory(planned)
        return
    needed = planned.estimate.total

    def waiting(free: int) -> None:
        listener(events.WaitingForMemory(training=training.id, needed=needed, free=free))

    memory.wait(
        needed,
        waiting,
        micro_batch_size=planned.options.micro_batch_size,
        precision=planned.options.precision,
    )


def _check_disk(planned: Plan, home: Path) -> None:
    # Weights, two moments, the best point and, inside a step, gradients.
    checkpoint = planned.estimate.adapter * 5 // 4
    kept = (training_folder.KEPT_CHECKPOINTS + 1) * checkpoint  # one more while it is written
    files.check_writable(home / "trainings", needed=kept + FREE_DISK_BYTES)
    # The adapter is the weights alone.
    files.check_writable(planned.output.parent, needed=checkpoint // 5 + FREE_DISK_BYTES)


def _settings(planned: Plan) -> dict[str, Any]:
    """Return what holds for every resume: what it takes over, and what must not have changed."""
    return {
        "options": _with_absolute_paths(planned.options).to_dict(),
        "base_model": planned.source.name,
        "base_path": planned.source.path,
        "data_digest": planned.facts["data_digest"],
        "rows": planned.facts["rows"],
        "steps": len(planned.steps),
        "tokens": sum(planned.steps.tokens),
        "processes": planned.processes,
        "output": str(planned.output),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _with_absolute_paths(options: Options) -> Options:
    """Make paths absolute, because a resume may start in another working directory."""

    def absolute(value: str | None) -> str | None:
        return str(Path(value).absolute()) if value and Path(value).exists() else value

    return replace(
        options,
        base_model=absolute(options.base_model),
        data_path=str(absolute(options.data_path)),
        val_data_path=absolute(options.val_data_path),
        exam_path=absolute(options.exam_path),
    )


def _check_unchanged(settings: dict[str, Any], planned: Plan, training: Training) -> None:
    now = _settings(planned)
    names = {
        "base_model": "the base model",
        "data_digest": "the data",
        "rows": "the rows chosen from it",
        "tokens": "its tokens",
        "steps": "the number of steps",
    }
    for key, name in names.items():
        if settings[key] != now[key]:
            raise TrainingChanged(
                f"The training {training.id} cannot be resumed: {name} changed since it started; "
                "restore it, or start anew."
            )
