"""What all parts of one start of a training share: its folder, plan, listener and processes.

Imports no torch, so that a plan can be refused before torch is loaded.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from trainer.planning.options import Options
from trainer.planning.plan import Plan
from trainer.process.ranks import Processes
from trainer.process.signals import Signals
from trainer.progress import events
from trainer.training_folder import Training


@dataclass(frozen=True)
class Run:
    """One start of a training, in one of its processes; `began` is seconds of the monotonic clock.

    `listener` is silent in all processes but the first.
    """

    home: Path
    training: Training
    plan: Plan
    listener: events.Listener
    signals: Signals
    processes: Processes
    began: float

    @property
    def options(self) -> Options:
        """The training's options, with what was decided at its first start."""
        return self.plan.options


def with_threads(run: Run, threads: int) -> Run:
    """Return `run` with its thread count decided, and write the count down for every resume.

    Raises:
        NotWritable: the disk is full or refuses.
    """
    plan = replace(run.plan, options=replace(run.plan.options, threads=threads))
    if run.processes.first:
        run.training.write_settings({**run.training.settings, "options": plan.options.to_dict()})
    return replace(run, plan=plan)
