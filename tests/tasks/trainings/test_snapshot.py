"""The state of a training that people see, from the trainer's events."""

import json

from tasks.trainings.snapshot import Snapshot
from trainer.progress import events


def test_waiting_for_memory_is_a_phase_that_is_shown_at_once_and_ends_with_the_plan() -> None:
    snapshot = Snapshot("t", "output", 2, {"step": 7, "steps": 10})
    waiting = events.WaitingForMemory(training="t", needed=2_000, free=1_000)

    assert snapshot.take(json.loads(waiting.to_json()))
    assert not snapshot.take(json.loads(waiting.to_json())), "the same again is not urgent"

    values = dict(snapshot.values)
    assert (values["phase"], values["memory"]) == ("memory", {"needed": 2_000, "free": 1_000})
    assert values["step"] == 7
    snapshot.take({"event": "planned", "plan": {"steps": 10}})
    assert snapshot.values["phase"] == "measuring"


def test_the_comparison_after_the_last_step_is_a_phase_without_time_left() -> None:
    snapshot = Snapshot("t", "output", 1, {})
    for event in (
        events.Answering(done=0, questions=48),
        events.Started(training="t", output="/a/output", steps=10, seconds_left=60.0),
        events.Evaluating(steps=10),
    ):
        assert snapshot.take(json.loads(event.to_json()))

    values = snapshot.values
    assert (values["phase"], values["step"], values["seconds_left"]) == ("evaluating", 10, None)
    assert values["answered"] == {"done": 0, "questions": 48}
