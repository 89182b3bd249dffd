"""Publishing Home tabs: when one is opened, when something is pressed in it, and on change.

Slack does not say when a tab is closed: one that was opened lately is looked at again and again,
and published where it has changed, one tab a second in all. Slack takes about a hundred a minute.
Which tabs these are is not kept: after a restart a tab is as it was until Slack says that somebody
opens it, and its buttons work meanwhile.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from redis.exceptions import RedisError

from bot.background import repeating
from bot.bot import Bot
from bot.home_tab.view import home_view
from bot.slack.actor import Actor
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

WATCHED_SECONDS = 15 * 60.0
"""How long after it was opened, or pressed in, a tab is looked at."""
LOOK_SECONDS = 5.0
"""How often one tab is looked at."""
TURN_SECONDS = 1.0
MOST_WATCHED = 200


@dataclass
class _Tab:
    actor: Actor
    opened: float = 0.0
    looked: float = 0.0
    shown: dict[str, Any] = field(default_factory=dict)
    showing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One view at a time: of two on their way to Slack the older one might arrive last."""


class HomeTabs:
    """The tabs that one bot publishes."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._tabs: dict[str, _Tab] = {}

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Publish what changes for as long as the context lasts."""
        async with repeating("looking at Home tabs", self._turn, pause=TURN_SECONDS):
            yield

    async def publish(self, actor: Actor) -> None:
        """Show `actor` the tab as it is now, and keep it fresh; a failure is logged."""
        while len(self._tabs) >= MOST_WATCHED and actor.user not in self._tabs:
            del self._tabs[min(self._tabs, key=lambda user: self._tabs[user].opened)]
        tab = self._tabs.setdefault(actor.user, _Tab(actor))
        tab.actor, tab.opened = actor, time.monotonic()
        await self._show(tab, anew=True)

    async def _turn(self) -> None:
        now = time.monotonic()
        self._tabs = {
            user: tab for user, tab in self._tabs.items() if now - tab.opened < WATCHED_SECONDS
        }
        due = [tab for tab in self._tabs.values() if now - tab.looked >= LOOK_SECONDS]
        if due:
            await self._show(min(due, key=lambda tab: tab.looked))

    async def _show(self, tab: _Tab, *, anew: bool = False) -> None:
        """Publish a tab where it has changed, or `anew` in any case."""
        tab.looked = time.monotonic()
        user = tab.actor.user
        try:
            async with tab.showing:
                language = await self._bot.language_for(user)
                is_admin = not await self._bot.admins.refusal(tab.actor)
                build = partial(home_view, self._bot, user, language, is_admin=is_admin)
                view = await asyncio.to_thread(build)
                if anew or view != tab.shown:
                    await self._bot.client.views_publish(user_id=user, view=view)
                    tab.shown = view
        except RedisError as error:
            log.warning("a Home tab was not shown: %s", type(error).__name__)
        except FAILURES as error:
            log.warning("a Home tab was not shown: %s", failure_of(error).reason)
