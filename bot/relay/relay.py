"""The relay: claims jobs and keeps a follower for each, until its final message is posted.

Claims are renewed while a follower runs; another relay takes over what is not. This module knows
neither Slack's messages nor the content of events.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import RENEW_CLAIM_SECONDS, Claim, Claims

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""How often claims are looked for when no new job announces itself."""


class Relay:
    """Follows the jobs this bot has claimed; `follow` returns when a job is answered."""

    def __init__(
        self, jobs: Jobs, claims: Claims, follow: Callable[[Job], Coroutine[Any, Any, None]]
    ) -> None:
        self._jobs = jobs
        self._claims = claims
        self._follow = follow
        self._followers: dict[str, tuple[Claim, asyncio.Task[None]]] = {}
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for new claims now."""
        self._woken.set()

    async def run(self) -> None:
        """Claim and follow until cancelled; a broker that is away is asked again."""
        keeper = asyncio.create_task(self._keep())
        own = True
        try:
            while True:
                self._woken.clear()
                try:
                    await self._look(own)
                    own = False
                except RedisError as error:
                    # The bot must go on answering, whatever it is; the group may be gone.
                    log.warning("the broker is away or refuses: %s", type(error).__name__)
                    own = True
                    await asyncio.sleep(1)
                try:
                    await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)
                except TimeoutError:
                    continue
        finally:
            keeper.cancel()
            await self._leave()

    async def _look(self, own: bool) -> None:
        if own:
            await asyncio.to_thread(self._claims.prepare)
            self._start(await asyncio.to_thread(self._claims.pending))
        self._start(await asyncio.to_thread(self._claims.claim_new))
        self._start(await asyncio.to_thread(self._claims.take_over_expired))

    def _start(self, claims: list[Claim]) -> None:
        for claim in claims:
            if claim.entry not in self._followers:
                task = asyncio.create_task(self._answer(claim), name=f"job {claim.job}")
                self._followers[claim.entry] = (claim, task)
                task.add_done_callback(partial(self._ended, claim))

    async def _answer(self, claim: Claim) -> None:
        job = await asyncio.to_thread(self._jobs.get, claim.job)
        if job is not None:
            await self._follow(job)
        await asyncio.to_thread(self._claims.complete, claim)

    def _ended(self, claim: Claim, task: "asyncio.Task[None]") -> None:
        """Forget a follower; a claim whose follower failed is taken over after its time."""
        self._followers.pop(claim.entry, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("job %s: following it failed", claim.job, exc_info=error)

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(RENEW_CLAIM_SECONDS)
            for claim, task in list(self._followers.values()):
                try:
                    if not await asyncio.to_thread(self._claims.renew, claim):
                        log.warning("job %s: another relay has taken over", claim.job)
                        task.cancel()
                except RedisError:
                    break

    async def _leave(self) -> None:
        """Give final messages that are being posted a moment, then let go."""
        tasks = [task for _, task in self._followers.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
