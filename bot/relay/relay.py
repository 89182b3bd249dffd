"""The relay: claims jobs and runs a follower for each, until its final message is posted.

A claim is renewed while its follower runs; another relay takes over a claim that is not renewed.
A follower begins again when the broker was away; one that fails otherwise is a failed delivery.
One that has lost its claim without knowing it, as after a broker was away, can post no more, but
its last edit may have come behind the final one of another relay: that is shown once more.
This module knows neither Slack's messages nor the content of events.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from bot.background import Background, log_failure
from bot.errors import FollowedElsewhere
from tasks.broker.connection import is_passing
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import MAX_DELIVERIES, RENEW_CLAIM_SECONDS, Claim, Claims

log = logging.getLogger(__name__)

CLAIM_POLL_SECONDS = 5.0
"""How often claims are looked for when no new job announces itself."""

BROKER_RETRY_SECONDS = 1.0

LAST_POSTS_SECONDS = 2.0
"""How long followers may go on when the bot stops, so that posts under way are completed."""


class Relay:
    """Follows the jobs this bot has claimed; `follow` returns when the final message is posted.

    A job whose followers fail again and again goes to `give_up`, which posts it, or returns False
    for a job that must be followed all the same.
    """

    def __init__(
        self,
        jobs: Jobs,
        claims: Claims,
        follow: Callable[[Job], Coroutine[Any, Any, None]],
        give_up: Callable[[Job], Coroutine[Any, Any, bool]],
    ) -> None:
        self._jobs = jobs
        self._claims = claims
        self._follow = follow
        self._give_up = give_up
        self._followers: dict[str, tuple[Claim, asyncio.Task[None]]] = {}
        self._woken = asyncio.Event()
        self._ending = False
        self._corrections = Background()

    def wake(self) -> None:
        """Look for new claims now."""
        self._woken.set()

    async def run(self) -> None:
        """Claim and follow until cancelled; while the broker is away, try again every second."""
        own = True
        try:
            while True:
                self._woken.clear()
                try:
                    await self._claim(own)
                    own = False
                except RedisError as error:
                    # Whatever the broker refuses, the bot must go on; the consumer group may be
                    # missing after a broker restarts without its data, so it is prepared again.
                    log.warning("the broker is away or refuses: %s", type(error).__name__)
                    own = True
                    await asyncio.sleep(BROKER_RETRY_SECONDS)
                try:
                    await asyncio.wait_for(self._woken.wait(), CLAIM_POLL_SECONDS)
                except TimeoutError:
                    continue
        finally:
            await self._leave()

    async def _claim(self, own: bool) -> None:
        """Start a follower for each claim; with `own` also for those this relay held before."""
        if own:
            await asyncio.to_thread(self._claims.prepare)
            self._start(await asyncio.to_thread(self._claims.pending))
        self._start(await asyncio.to_thread(self._claims.claim_new))
        self._start(await asyncio.to_thread(self._claims.take_over_expired))

    def _start(self, claims: list[Claim]) -> None:
        for claim in claims:
            if claim.entry not in self._followers:
                follow = _waiting_for_broker(claim, partial(self._follow_claim, claim))
                task = asyncio.create_task(follow, name=f"job {claim.job}")
                self._followers[claim.entry] = (claim, task)
                task.add_done_callback(partial(self._ended, claim))

    async def _follow_claim(self, claim: Claim) -> None:
        """Follow a job to its end.

        Raises:
            FollowedElsewhere: this relay has lost the claim.
        """
        completed = False
        while not completed:  # once, unless what was asked has changed meanwhile
            deliveries = await asyncio.to_thread(self._claims.deliveries, claim)
            if deliveries is None:
                raise FollowedElsewhere(f"job {claim.job} is claimed by another relay")
            job = await asyncio.to_thread(self._jobs.follow, claim.job)
            if job is not None:
                await self._follow_or_give_up(job, deliveries)
            revision = job.revision if job else 0
            completed = await asyncio.to_thread(self._claims.complete, claim, revision)

    async def _follow_or_give_up(self, job: Job, deliveries: int) -> None:
        if deliveries <= MAX_DELIVERIES or not await self._give_up(job):
            await self._follow(job)

    def _ended(self, claim: Claim, task: "asyncio.Task[None]") -> None:
        """Forget a follower; if it failed, its claim expires and is taken over."""
        self._followers.pop(claim.entry, None)
        if self._ending:
            return
        if task.cancelled() or isinstance(task.exception(), FollowedElsewhere):
            log.warning("job %s: another relay has taken over", claim.job)
            correct = _waiting_for_broker(claim, partial(self._correct, claim))
            self._corrections.start(correct)
        else:
            log_failure(f"job {claim.job}: following it", task)

    async def _correct(self, claim: Claim) -> None:
        """Show the end of a lost job again, if another relay has shown it already."""
        if await asyncio.to_thread(self._claims.is_open, claim):
            return  # the final edit is still to come
        job = await asyncio.to_thread(self._jobs.get, claim.job)
        # The message of a plan is never edited before its end.
        if job is not None and job.over and job.kind != "plan":
            await self._follow(job)

    async def renew_claims(self) -> None:
        """Renew the claims of the jobs that are followed, until cancelled."""
        while True:
            await asyncio.sleep(RENEW_CLAIM_SECONDS)
            claims = [claim for claim, _ in self._followers.values()]
            try:
                lost = await asyncio.to_thread(self._claims.renew, claims)
            except RedisError:
                continue
            for claim in lost:
                if claim.entry in self._followers:  # else it was completed meanwhile
                    self._followers[claim.entry][1].cancel()

    async def _leave(self) -> None:
        """Let posts under way be completed for a moment, then cancel the followers."""
        self._ending = True
        tasks = [task for _, task in self._followers.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=LAST_POSTS_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _waiting_for_broker(claim: Claim, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do `work` for a claim, again from its beginning where the broker was away or refused."""
    while True:
        try:
            return await work()
        except RedisError as error:
            if not is_passing(error):
                raise
            log.warning(
                "job %s: the broker is away or refuses: %s", claim.job, type(error).__name__
            )
        await asyncio.sleep(BROKER_RETRY_SECONDS)
