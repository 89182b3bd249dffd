"""How far a training is, in one plain dictionary: updated by each of the trainer's events.

The dictionary is complete at any time, so that a program that shows it needs only the newest one.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


class Snapshot:
    """The state of one attempt; `before` is the state that the attempt before it has reached."""

    def __init__(self, training: str, output: str, attempt: int, before: Mapping[str, Any]) -> None:
        shown = ("steps", "step", "loss", "validation_loss", "checkpoint_step")
        self.values: dict[str, Any] = {
            "phase": "loading",
            "memory": None,
            "answered": None,
            "training": training,
            "output": output,
            "steps": 0,
            "step": 0,
            "part": 0.0,
            "loss": None,
            "validation_loss": None,
            "tokens_per_second": None,
            "seconds_left": None,
            "checkpoint_step": None,
            "resumed_step": None,
            "attempt": attempt,
            "held": False,
            # Shown until this attempt reports its own values.
            **{key: before[key] for key in shown if key in before},
        }

    def take(self, event: Mapping[str, Any]) -> bool:
        """Update the state by an event; returns whether people should see the change at once."""
        handlers: dict[str, Callable[[Mapping[str, Any]], bool]] = {
            "planned": self._planned,
            "waiting_for_memory": self._waiting_for_memory,
            "answering": self._answering,
            "started": self._started,
            "resumed": self._resumed,
            "step": self._step,
            "evaluated": self._evaluated,
            "evaluating": self._evaluating,
            "checkpoint": self._checkpoint,
        }
        handler = handlers.get(str(event.get("event")))
        return handler is not None and handler(event)

    def set_paused(self, paused: bool) -> bool:
        """Set whether the training is paused; returns whether that has changed."""
        changed = bool(self.values["held"] != paused)
        self.values["held"] = paused
        return changed

    def _planned(self, event: Mapping[str, Any]) -> bool:
        self.values |= {"phase": "measuring", "steps": event["plan"]["steps"]}
        return True

    def _waiting_for_memory(self, event: Mapping[str, Any]) -> bool:
        said = self.values["phase"] == "memory"
        self.values |= {
            "phase": "memory",
            "memory": {"needed": event["needed"], "free": event["free"]},
        }
        return not said

    def _answering(self, event: Mapping[str, Any]) -> bool:
        self.values |= {
            "phase": "answering",
            "answered": {"done": event["done"], "questions": event["questions"]},
        }
        return not event["done"]

    def _started(self, event: Mapping[str, Any]) -> bool:
        self._begin(event)
        self.values |= {"step": 0, "loss": None}
        return True

    def _resumed(self, event: Mapping[str, Any]) -> bool:
        self._begin(event)
        self.values |= {"step": event["step"], "resumed_step": event["step"]}
        return True

    def _begin(self, event: Mapping[str, Any]) -> None:
        self.values |= {
            "phase": "training",
            "output": Path(event["output"]).name,
            "steps": event["steps"],
            "seconds_left": event["seconds_left"],
        }

    def _step(self, event: Mapping[str, Any]) -> bool:
        whole = event["part"] >= 1
        self.values |= {
            "step": event["step"] if whole else event["step"] - 1,
            "part": 0.0 if whole else event["part"],
            "tokens_per_second": event["tokens_per_second"],
            "seconds_left": event["seconds_left"],
        }
        if event["loss"] is not None:
            self.values["loss"] = event["loss"]
        return False

    def _evaluated(self, event: Mapping[str, Any]) -> bool:
        self.values["validation_loss"] = event["validation_loss"]
        return True

    def _evaluating(self, event: Mapping[str, Any]) -> bool:
        # A training that ended at its best point has not done all of its steps.
        self.values |= {
            "phase": "evaluating",
            "step": event["steps"],
            "part": 0.0,
            "seconds_left": None,
        }
        return True

    def _checkpoint(self, event: Mapping[str, Any]) -> bool:
        self.values["checkpoint_step"] = event["step"]
        return True
