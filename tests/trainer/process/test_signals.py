"""Signals during a training: the first one ends it, another does not break into that."""

import signal

from trainer.process.signals import Signals, StopRequested


def _interrupted(signals: Signals) -> list[str]:
    """Get two signals; returns what was done between the second and the end."""
    done = []
    with signals.caught():
        try:
            signal.raise_signal(signal.SIGINT)
        except StopRequested as stop:
            signal.raise_signal(signal.SIGTERM)
            done.append(str(stop))
    return done


def test_a_second_signal_does_not_break_into_what_the_first_has_ended() -> None:
    signals = Signals()
    signals.training = "t1"

    assert _interrupted(signals) == ["Interrupted; continue it with --resume t1."]
    assert signals.stop_requested
