"""Stores what was asked for as a plan's job, which the workers and the plan's follower take up.

Slack waits meanwhile, and repeats what it heard no answer to: a job has its id from what asks for
it. Whether the person may train is checked by the follower, because asking Slack takes longer than
Slack waits.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from redis.exceptions import RedisError

from bot.bot import Bot
from bot.i18n.lookup import Language
from bot.slack.actor import Actor
from bot.trainings.asking.command import Start
from tasks.asking.channels import Channels

log = logging.getLogger(__name__)

STORE_SECONDS = 2.0
"""How long a plan may take to the broker's disk: Slack wants an acknowledgement within three, and
the person's language may have taken most of one."""

WORKING, REPEAT, AWAY = "plan.working", "plan.repeat", "act.broker_away"
"""The catalogue's keys of what came of it."""


class PlanStore:
    """Stores plans for one bot."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        # Own threads: while the broker is away, the relay's calls occupy asyncio's default ones.
        # Several, because each waits until the broker's disk has the plan.
        self._threads = ThreadPoolExecutor(16, thread_name_prefix="plans")

    async def store(
        self, job: str, actor: Actor, start: Start, text: str, language: Language
    ) -> str:
        """Store the plan under the id `job`, and return the key of what to say.

        `text` is what was typed; the plan is shown in the channel's language, else in `language`.
        """
        try:
            loop = asyncio.get_running_loop()
            storing = loop.run_in_executor(
                self._threads, self._store, job, actor, start, text, language
            )
            stored = await asyncio.wait_for(storing, STORE_SECONDS)
        except (RedisError, TimeoutError) as error:
            log.warning("job %s: a plan was not stored: %s", job, type(error).__name__)
            return AWAY
        log.info("job %s: plan %s", job, stored)
        return REPEAT if stored == "repeat" else WORKING

    def _store(self, job: str, actor: Actor, start: Start, text: str, language: Language) -> str:
        own = self._bot.settings.language or Channels(self._bot.jobs.redis).get(actor.channel)
        shared = (own if isinstance(own, str) else own.language) or language
        asked = {"text": text, "options": dict(start.options), "language": shared}
        return self._bot.jobs.create(
            job, "plan", destination=actor.destination(), asked=asked, adapter=""
        )
