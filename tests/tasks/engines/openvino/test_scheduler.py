"""First come, first served, one adapter at a time, within the memory there is."""

from typing import Any

from tasks.engines.openvino.scheduler import Ask, Line


def ask(id: int, adapter: str | None = None, *, tokens: int = 32) -> Ask:
    facts: dict[str, Any] | None = {"digest": adapter} if adapter else None
    return Ask(id=id, ids=[1] * (tokens - 16), max_new_tokens=16, stop_ids=[2], adapter=facts)


def line(*asks: Ask, places: int = 8, blocks: int = 100) -> Line:
    made = Line(places=places, blocks=blocks)
    for each in asks:
        made.add(each)
    return made


def let_in(line: Line) -> list[int]:
    """Return the ids of all that may start now."""
    return [ask.id for ask in iter(line.next, None)]


def test_questions_of_one_adapter_run_together() -> None:
    assert let_in(line(ask(1, "a"), ask(2, "a"), ask(3, "a"))) == [1, 2, 3]


def test_no_more_run_than_there_are_places() -> None:
    waiting = line(ask(1), ask(2), ask(3), places=2)

    assert let_in(waiting) == [1, 2]
    waiting.end(1)
    assert let_in(waiting) == [3]


def test_another_adapter_waits_until_nothing_runs() -> None:
    waiting = line(ask(1, "a"), ask(2, "b"))

    assert let_in(waiting) == [1]
    waiting.end(1)
    assert let_in(waiting) == [2]


def test_nobody_is_overtaken_by_a_question_of_the_running_adapter() -> None:
    waiting = line(ask(1, "a"), ask(2), ask(3, "a"))

    assert let_in(waiting) == [1]
    waiting.end(1)
    assert let_in(waiting) == [2]
    waiting.end(2)
    assert let_in(waiting) == [3]


def test_a_question_waits_until_its_tokens_fit_into_memory() -> None:
    waiting = line(ask(1, tokens=320), ask(2, tokens=321), ask(3), blocks=20)

    assert let_in(waiting) == [1]  # 10 blocks and 11 are too many, and the third waits its turn
    waiting.end(1)
    assert let_in(waiting) == [2, 3]


def test_who_waits_can_leave() -> None:
    waiting = line(ask(1, "a"), ask(2, "b"), ask(3, "a"))
    let_in(waiting)

    assert waiting.leave(2)
    assert not waiting.leave(1)
    assert let_in(waiting) == [3]


def test_it_is_idle_when_nobody_runs_or_waits() -> None:
    waiting = line(ask(1))
    assert not waiting.idle
    let_in(waiting)
    assert not waiting.idle
    waiting.end(1)
    assert waiting.idle
