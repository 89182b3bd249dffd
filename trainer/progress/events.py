"""What a training tells while it runs: plain events, and two listeners for them.

A listener is any callable that takes an event. Here are a progress bar for a terminal and JSON
lines for a supervising process; the loop knows neither, and this module knows no torch.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TextIO, TypeAlias


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened; `event` names it in JSON."""

    event: ClassVar[str]

    def to_json(self) -> str:
        """Return the event as one line of JSON; a number that is not finite becomes null."""
        values = {"event": self.event, **asdict(self)}
        return json.dumps({key: _finite(value) for key, value in values.items()})


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, kw_only=True)
class Begun(Event):
    """The process runs, and ends with the one that started it; said to a supervisor only."""

    event: ClassVar[str] = "begun"


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """What is about to be done, before the model is loaded; the plan's own fields."""

    event: ClassVar[str] = "planned"
    training: str
    plan: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """Training begins: the model is loaded. `seconds_left` is an estimate or None."""

    event: ClassVar[str] = "started"
    training: str
    output: str
    steps: int
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class Resumed(Event):
    """Training goes on after `step` finished steps."""

    event: ClassVar[str] = "resumed"
    training: str
    output: str
    step: int
    steps: int
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class Stepped(Event):
    """A step, or with `part` below 1 some packs of it, is done.

    `loss` is nats per label token of this step (None until the step is whole), `seconds` the time
    trained in this process.
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
    """The held-out response loss in nats per token; step 0 is the base model."""

    event: ClassVar[str] = "evaluated"
    step: int
    steps: int
    validation_loss: float


@dataclass(frozen=True, kw_only=True)
class CheckpointSaved(Event):
    """The training can be resumed from here."""

    event: ClassVar[str] = "checkpoint"
    step: int
    steps: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Finished(Event):
    """The adapter is in `output`; `verdict` is better, worse, no clear difference or unknown."""

    event: ClassVar[str] = "finished"
    training: str
    output: str
    verdict: str
    summary: str
    steps: int
    seconds: float
    evaluation: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Interrupted(Event):
    """Stopped by a signal; `--resume` continues it."""

    event: ClassVar[str] = "interrupted"
    training: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Failed(Event):
    """Nothing came of it; `reason` is one sentence."""

    event: ClassVar[str] = "failed"
    reason: str


Listener: TypeAlias = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listen to nothing."""


class JsonLines:
    """Writes each event as a line of JSON to `stream`, at once."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Write `event`."""
        self._stream.write(event.to_json() + "\n")
        self._stream.flush()
