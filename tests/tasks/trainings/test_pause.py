"""Training makes room for answers, and gets its minute in ten all the same."""

from tasks.trainings.pause import Hold


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def seconds_held(hold: Hold, clock: Clock, *, seconds: int, busy: bool = True) -> int:
    held = 0
    for _ in range(seconds):
        held += hold.wanted(busy)
        clock.now += 1
    return held


def test_a_busy_host_holds_the_training_at_once_and_a_quiet_one_lets_it_go() -> None:
    hold = Hold(Clock())

    assert hold.wanted(True)
    assert not hold.wanted(False)


def test_on_a_host_that_is_always_busy_it_runs_one_minute_in_ten() -> None:
    clock = Clock()
    hold = Hold(clock)

    assert seconds_held(hold, clock, seconds=600) == 540
    assert seconds_held(hold, clock, seconds=3000) == 5 * 540


def test_minutes_it_ran_by_itself_count() -> None:
    clock = Clock()
    hold = Hold(clock)
    seconds_held(hold, clock, seconds=60, busy=False)

    assert seconds_held(hold, clock, seconds=540) == 540
