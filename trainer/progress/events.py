"""The events that a training reports while it runs, and a listener that writes them as JSON lines.

A listener is any callable that takes an event; the JSON lines are read by a supervising process.
This module does not know who listens, and imports no torch.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TextIO, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; `event` is its name in JSON."""

    event: ClassVar[str]

    def to_json(self) -> str:
        """Return the event as one line of JSON; a number that is not finite becomes null."""
        values = {"event": self.event, **asdict(self)}
        return json.dumps({key: _finite(value) for key, value in values.items()})


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, kw_only=True)
class Begun(Event):
    """The process runs, and the kernel kills it with its parent; reported to a supervisor only."""

    event: ClassVar[str] = "begun"


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """The training is planned and not yet loaded; `plan` is what `Plan.to_dict` returns."""

    event: ClassVar[str] = "planned"
    training: str
    plan: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class WaitingForMemory(Event):
    """A training that goes on needs more bytes than are free now, and waits; said repeatedly."""

    event: ClassVar[str] = "waiting_for_memory"
    training: str
    needed: int
    free: int


@dataclass(frozen=True, kw_only=True)
class Answering(Event):
    """The base model answers general questions that are replayed, `done` of `questions` so far."""

    event: ClassVar[str] = "answering"
    done: int
    questions: int


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """Training begins: the model is loaded and the base measured.

    `output` is the adapter's folder; `seconds_left` is an estimate, None without a known speed.
    """

    event: ClassVar[str] = "started"
    training: str
    output: str
    steps: int
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """Training continues from a checkpoint, after `step` whole steps."""

    event: ClassVar[str] = "resumed"
    training: str
    output: str
    step: int
    steps: int
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class Stepped(Event):
    """Step number `step`, from 1, is done; with `part` below 1 that part of its packs.

    `loss` is in nats per label token of this step, None until the step is whole; `epoch` counts the
    epochs done, with their fraction; `seconds` is the time trained since this process started.
    """

    event: ClassVar[str] = "step"
    step: int
    steps: int
    part: float
    epoch: float
    loss: float | None
    learning_rate: float
    tokens_per_second: float | None
    seconds: float
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class Evaluated(Event):
    """The held-out loss in nats per answer token, after `step` steps; step 0 is the base model."""

    event: ClassVar[str] = "evaluated"
    step: int
    steps: int
    validation_loss: float


@dataclass(frozen=True, kw_only=True)
class Evaluating(Event):
    """Training is over, and base and adapter are compared."""

    event: ClassVar[str] = "evaluating"
    steps: int


@dataclass(frozen=True, kw_only=True)
class CheckpointSaved(Event):
    """A checkpoint is complete, taken after `step` whole steps; `path` is its folder."""

    event: ClassVar[str] = "checkpoint"
    step: int
    steps: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The adapter is in the folder `output`.

    `verdict` is better, worse, no clear difference or unknown; `evaluation` is `Verdict.to_dict`,
    `exam` is `ExamResult.to_dict`, empty where there was none.
    """

    event: ClassVar[str] = "finished"
    training: str
    output: str
    verdict: str
    summary: str
    steps: int
    seconds: float
    evaluation: dict[str, Any] = field(default_factory=dict)
    exam: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Interrupted(Event):
    """A signal stopped the training; `--resume` continues it. `reason` is one sentence."""

    event: ClassVar[str] = "interrupted"
    training: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """The training failed; `reason` is one sentence."""

    event: ClassVar[str] = "failed"
    reason: str


Listener: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """Ignore `event`: the listener of all processes but the first."""


class JsonLines:
    """Writes each event as a line of JSON to `stream`, and flushes it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Write `event`."""
        self._stream.write(event.to_json() + "\n")
        self._stream.flush()
