"""The bot's background work, and what becomes of an exception that nobody expected in it.

Work for one event or one job ends alone: its exception is logged and the bot goes on (`Background`,
`log_failure`); a bot that stops lets it end first (`letting_work_end`). Work that is done again and
again beside the rest goes on with its next turn (`repeating`). Work that the whole bot depends on
ends the bot: its process exits with the error, its supervisor starts it again, and it takes up the
jobs that it had claimed (`essential`); a bot that looks alive and relays nothing would be worse.
What is expected, such as a broker that is away, is handled by the work itself.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

_under_way: "ContextVar[set[asyncio.Task[Any]]]" = ContextVar("_under_way")
"""The background work of the bot in whose context something runs."""

LOG_AGAIN_SECONDS = 60.0
"""How often an error of the same type is logged while turn after turn fails with it."""


class Background:
    """Work that goes on after an event, a command or a button was acknowledged."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Run `work` beside the caller, and keep it alive until it ends."""
        task = asyncio.create_task(work)
        for kept in (self._tasks, _under_way.get(set())):
            kept.add(task)
            task.add_done_callback(kept.discard)
        task.add_done_callback(partial(log_failure, "a background task"))
        return task


@asynccontextmanager
async def letting_work_end(seconds: float) -> AsyncIterator[None]:
    """Wait at the end for what each `Background` has started here; after `seconds` cancel it.

    What was acknowledged is then done, and no connection is left open by work that nobody ends.
    """
    before, tasks = _under_way.get(set()), set[asyncio.Task[Any]]()
    _under_way.set(tasks)
    try:
        yield
    finally:
        _under_way.set(before)
        left = list(tasks)
        if left:
            _, late = await asyncio.wait(left, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)


def log_failure(what: str, task: "asyncio.Task[Any]") -> None:
    """Log the exception with which a task failed, if it did."""
    if not task.cancelled() and (error := task.exception()):
        log.error("%s failed", what, exc_info=error)


@asynccontextmanager
async def repeating(
    what: str, turn: Callable[[], Coroutine[Any, Any, None]], *, pause: float
) -> AsyncIterator[None]:
    """Do `turn`, and again `pause` seconds after each, for as long as the context lasts."""
    task = asyncio.create_task(_repeat(what, turn, pause))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _repeat(what: str, turn: Callable[[], Coroutine[Any, Any, None]], pause: float) -> None:
    """Repeat until cancelled; an exception ends its turn alone."""
    logged: dict[type[Exception], float] = {}
    while True:
        try:
            await turn()
        except Exception as error:
            now = time.monotonic()
            if now - logged.get(type(error), -LOG_AGAIN_SECONDS) >= LOG_AGAIN_SECONDS:
                log.exception("%s failed, and goes on", what)
                logged[type(error)] = now
        await asyncio.sleep(pause)


@asynccontextmanager
async def essential(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` for as long as the context lasts; an exception in it ends the context with it."""
    owner, tasks = asyncio.current_task(), [asyncio.create_task(one) for one in work]
    failures: list[BaseException] = []

    def ended(task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()):
            failures.append(error)
            if owner is not None and len(failures) == 1:
                owner.cancel()

    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    except asyncio.CancelledError:
        if failures and owner is not None and owner.uncancel() == 0:
            raise failures[0] from None
        raise
    finally:
        for task in tasks:
            task.remove_done_callback(ended)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
