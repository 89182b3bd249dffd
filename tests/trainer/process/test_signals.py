"""Signals during a training: the first one ends it, another does not break into that."""

import os
import signal

import pytest

from trainer.process.signals import Signals, StopRequested


def test_a_second_signal_does_not_interrupt_what_the_first_has_ended() -> None:
    signals = Signals()
    signals.training = "t1"

    with pytest.raises(StopRequested, match="--resume t1"), signals.caught():
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            ended = "in order"

    assert ended == "in order"
    assert signals.stop_requested
