"""Events in a terminal."""

import io

from tests.trainer.progress.test_events import STEP
from trainer.progress import events
from trainer.progress.terminal_bar import Bar


def test_the_bar_tells_the_start_the_held_out_loss_and_the_end() -> None:
    stream = io.StringIO()
    bar = Bar(stream)

    bar(events.Started(training="t", output="/a/output", steps=10, seconds_left=7200.0))
    bar(STEP)
    bar(events.Evaluated(step=5, steps=10, validation_loss=1.5))
    bar(
        events.Finished(
            training="t",
            output="/a/output",
            verdict="better",
            summary="Better: so.",
            steps=10,
            seconds=9.0,
        )
    )

    text = stream.getvalue()
    assert "Starting t: 10 steps, about 2 h; the adapter will be /a/output" in text
    assert "held-out loss 1.5000" in text
    assert "Better: so." in text
