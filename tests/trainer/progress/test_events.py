"""Events as lines of JSON."""

import io
import json

from trainer.progress import events

STEP = events.Stepped(
    step=3,
    steps=10,
    part=1.0,
    epoch=0.3,
    loss=float("nan"),
    learning_rate=1e-4,
    tokens_per_second=80.0,
    seconds=5.0,
    seconds_left=700.0,
)


def test_an_event_is_one_line_of_strict_json() -> None:
    stream = io.StringIO()

    events.JsonLines(stream)(STEP)

    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "step"
    assert json.loads(line)["loss"] is None
