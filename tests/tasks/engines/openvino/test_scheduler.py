"""First come, first served, one adapter at a time, within the memory there is."""

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from tasks.engines.openvino.messages import Request, RequestAdapter
from tasks.engines.openvino.scheduler import OVERTAKEN_SECONDS, Scheduler


def request(id: int, adapter: str | None = None, *, tokens: int = 32) -> Request:
    """Return a request that fills so many tokens of cache."""
    used = RequestAdapter(folder="", digest=adapter, scale=1.0) if adapter else None
    ids = [1] * (tokens - 16)
    return Request(id, ids, max_new_tokens=16, stop_ids=[2], adapter=used, asked=float(id))


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def scheduler(
    *requests: Request, max_running: int = 8, kv_blocks: int = 100, clock: Clock | None = None
) -> Scheduler:
    """Return a scheduler with these requests waiting."""
    waiting = Scheduler(max_running=max_running, kv_blocks=kv_blocks, clock=clock or Clock())
    for each in requests:
        waiting.add(each)
    return waiting


def started(waiting: Scheduler) -> list[int]:
    """Start all requests that may run now, and return their ids."""
    return [request.id for request in iter(waiting.start_next, None)]


def test_questions_of_one_adapter_run_together() -> None:
    assert started(scheduler(request(1, "a"), request(2, "a"), request(3, "a"))) == [1, 2, 3]


def test_no_more_run_than_there_are_places() -> None:
    waiting = scheduler(request(1), request(2), request(3), max_running=2)

    assert started(waiting) == [1, 2]
    waiting.end(1)
    assert started(waiting) == [3]


def test_another_adapter_waits_until_nothing_runs() -> None:
    waiting = scheduler(request(1, "a"), request(2, "b"))

    assert started(waiting) == [1]
    waiting.end(1)
    assert started(waiting) == [2]


def test_who_has_the_running_adapter_joins_while_somebody_asked_earlier_still_runs() -> None:
    waiting = scheduler(request(1, "a"), request(2), request(3, "a"), request(4))

    assert started(waiting) == [1, 3]
    waiting.add(request(5, "a"))
    assert started(waiting) == [5]
    waiting.end(1)
    waiting.add(request(6, "a"))
    assert started(waiting) == []  # only those run that were asked after 2
    waiting.end(3)
    waiting.end(5)
    assert started(waiting) == [2, 4]


def test_who_overtakes_is_paused_when_the_time_for_it_is_over_and_goes_on_in_its_turn() -> None:
    clock = Clock()
    waiting = scheduler(request(1, "a"), request(2), request(3, "a"), clock=clock)
    assert started(waiting) == [1, 3]
    clock.now += 1000
    assert waiting.to_pause() == []  # 1 was asked before 2
    waiting.end(1)
    clock.now += OVERTAKEN_SECONDS - 1
    assert waiting.to_pause() == []
    clock.now += 1

    (paused,) = waiting.to_pause()
    assert started(waiting) == []
    waiting.pause(paused.rest([7, 8], 14))
    waiting.add(request(4))

    assert started(waiting) == [2, 4]
    waiting.end(2)
    clock.now += OVERTAKEN_SECONDS
    assert [each.id for each in waiting.to_pause()] == [4]
    waiting.end(4)
    going_on = waiting.start_next()
    assert going_on is not None
    assert (going_on.id, going_on.prompt_ids[-2:], going_on.goes_on) == (3, [7, 8], True)


def test_nobody_joins_before_one_that_was_overtaken_for_long_enough() -> None:
    clock = Clock()
    waiting = scheduler(request(2, "a"), clock=clock)
    assert started(waiting) == [2]
    waiting.add(request(1))  # asked earlier, delivered later
    clock.now += OVERTAKEN_SECONDS
    waiting.add(request(0, "a"))

    assert started(waiting) == [0]  # asked before all
    waiting.add(request(3, "a"))
    assert started(waiting) == []


@pytest.mark.parametrize("seed", range(20))
def test_whatever_comes_nobody_is_overtaken_by_another_adapter_for_longer_than_the_limit(
    seed: int,
) -> None:
    random, clock = Random(seed), Clock()
    waiting = scheduler(clock=clock)
    left: dict[int, float] = {}
    overtaken: dict[int, float] = {}
    for id in range(1, 60):
        waiting.add(request(id, random.choice("abc")))
        left[id], overtaken[id] = random.choice([1, 10, 90]), 0.0
        for _ in range(random.choice([1, 5, 60]) if id < 59 else 10_000):
            _tick(waiting, clock, left, overtaken)

    assert max(overtaken.values()) <= OVERTAKEN_SECONDS + 1
    assert not left
    assert waiting.idle


def _tick(
    waiting: Scheduler, clock: Clock, left: dict[int, float], overtaken: dict[int, float]
) -> None:
    """Let a second pass, in which what runs goes on."""
    for paused in waiting.to_pause():
        waiting.pause(paused)
    started(waiting)
    assert len({each.adapter for each in waiting.running.values()}) <= 1
    clock.now += 1
    for late in _overtaken(waiting):
        overtaken[late] += 1
    for id in list(waiting.running):
        left[id] -= 1
        if left[id] <= 0:
            waiting.end(id)
            del left[id]


def _overtaken(waiting: Scheduler) -> Iterator[int]:
    """Yield those that wait for others of another adapter, all of which were asked later."""
    running = waiting.running.values()
    for each in waiting.waiting:
        if running and all(r.id > each.id and r.adapter != each.adapter for r in running):
            yield each.id


def test_a_question_waits_until_its_tokens_fit_into_memory() -> None:
    waiting = scheduler(request(1, tokens=320), request(2, tokens=321), request(3), kv_blocks=20)

    assert started(waiting) == [1]  # 10 blocks and 11 exceed 20; the third must not overtake
    waiting.end(1)
    assert started(waiting) == [2, 3]


def test_who_waits_can_leave() -> None:
    waiting = scheduler(request(1, "a"), request(2, "b"), request(3, "b"))
    started(waiting)

    assert waiting.cancel_waiting(2)
    assert not waiting.cancel_waiting(1)
    waiting.end(1)
    assert started(waiting) == [3]


def test_it_is_idle_when_nobody_runs_or_waits() -> None:
    waiting = scheduler(request(1))
    assert not waiting.idle
    started(waiting)
    assert not waiting.idle
    waiting.end(1)
    assert waiting.idle


def test_what_goes_on_with_a_request_that_ran_goes_before_those_asked_later() -> None:
    waiting = scheduler(request(1), request(3), max_running=1)
    assert started(waiting) == [1]

    waiting.add(replace(request(4), goes_on=True, asked=2.0))
    waiting.end(1)

    assert started(waiting) == [4]
