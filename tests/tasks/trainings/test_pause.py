"""A training is paused while answers are generated, but runs at least one minute in ten."""

from tasks.trainings.pause import PausePolicy


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def seconds_paused(policy: PausePolicy, clock: Clock, *, seconds: int, busy: bool = True) -> int:
    paused = 0
    for _ in range(seconds):
        paused += policy.should_pause(busy)
        clock.now += 1
    return paused


def test_a_busy_host_holds_the_training_at_once_and_a_quiet_one_lets_it_go() -> None:
    policy = PausePolicy(Clock())

    assert policy.should_pause(True)
    assert not policy.should_pause(False)


def test_on_a_host_that_is_always_busy_it_runs_one_minute_in_ten() -> None:
    clock = Clock()
    policy = PausePolicy(clock)

    assert seconds_paused(policy, clock, seconds=600) == 540
    assert seconds_paused(policy, clock, seconds=3000) == 5 * 540


def test_minutes_it_ran_by_itself_count() -> None:
    clock = Clock()
    policy = PausePolicy(clock)
    seconds_paused(policy, clock, seconds=60, busy=False)

    assert seconds_paused(policy, clock, seconds=540) == 540
