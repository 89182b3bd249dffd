"""First come, first served, one adapter at a time, within the memory there is."""

from dataclasses import replace

from tasks.engines.openvino.messages import Request, RequestAdapter
from tasks.engines.openvino.scheduler import Scheduler


def request(id: int, adapter: str | None = None, *, tokens: int = 32) -> Request:
    """Return a request that fills so many tokens of cache."""
    used = RequestAdapter(folder="", digest=adapter, scale=1.0) if adapter else None
    return Request(id, [1] * (tokens - 16), max_new_tokens=16, stop_ids=[2], adapter=used)


def scheduler(*requests: Request, max_running: int = 8, kv_blocks: int = 100) -> Scheduler:
    """Return a scheduler with these requests waiting."""
    waiting = Scheduler(max_running=max_running, kv_blocks=kv_blocks)
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


def test_nobody_is_overtaken_by_a_question_of_the_running_adapter() -> None:
    waiting = scheduler(request(1, "a"), request(2), request(3, "a"))

    assert started(waiting) == [1]
    waiting.end(1)
    assert started(waiting) == [2]
    waiting.end(2)
    assert started(waiting) == [3]


def test_a_question_waits_until_its_tokens_fit_into_memory() -> None:
    waiting = scheduler(request(1, tokens=320), request(2, tokens=321), request(3), kv_blocks=20)

    assert started(waiting) == [1]  # 10 blocks and 11 exceed 20; the third must not overtake
    waiting.end(1)
    assert started(waiting) == [2, 3]


def test_who_waits_can_leave() -> None:
    waiting = scheduler(request(1, "a"), request(2, "b"), request(3, "a"))
    started(waiting)

    assert waiting.cancel_waiting(2)
    assert not waiting.cancel_waiting(1)
    assert started(waiting) == [3]


def test_it_is_idle_when_nobody_runs_or_waits() -> None:
    waiting = scheduler(request(1))
    assert not waiting.idle
    started(waiting)
    assert not waiting.idle
    waiting.end(1)
    assert waiting.idle


def test_what_goes_on_with_a_request_that_ran_goes_before_those_that_wait() -> None:
    waiting = scheduler(request(1), request(2), max_running=1)
    assert started(waiting) == [1]

    waiting.add(replace(request(3), goes_on=True))
    waiting.end(1)

    assert started(waiting) == [3]
