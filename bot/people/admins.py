"""Who may train and switch adapters: the people named in SWALLOW_ADMINS, else Slack's admins.

While Slack cannot be asked, nobody may. Does not act and does not write the audit log.
"""

import time
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.people.people import People, is_outsider
from bot.settings import BotSettings
from bot.slack.actor import Actor
from bot.slack.refusals import FAILURES

KEEP_LIST_SECONDS = 600.0
"""How long the list of all admins is believed: Slack gives it page by page."""
MOST_PAGES = 20
"""Pages of 200 people that are looked through for admins."""

_ADMIN = ("is_admin", "is_owner", "is_primary_owner")


class Admins:
    """Decides for one workspace, `team`."""

    def __init__(
        self, client: AsyncWebClient, people: People, settings: BotSettings, team: str
    ) -> None:
        self._client = client
        self._people = people
        self._settings = settings
        self._team = team
        self._all: tuple[float, tuple[str, ...]] = (0.0, ())

    async def refusal(self, actor: Actor, *, members: bool = False) -> str:
        """Return why `actor` may not act, a key under `refused` in the catalogue; empty: may.

        With `members` everybody of the workspace may who is no guest.
        """
        if not self._settings.answers_in(actor.channel, dm=actor.dm):
            return "channel"
        if actor.user in self._settings.admins:
            return ""
        if self._settings.admins and not members:
            return "not_admin"
        why = await self._by_slack(actor.user)
        return "" if members and why == "not_admin" else why

    async def all(self) -> tuple[str, ...]:
        """Return who may act, for asking them; nobody while Slack cannot be asked.

        Of a workspace with thousands of people, only as many are looked through as Slack lists in
        some pages.
        """
        if self._settings.admins:
            return self._settings.admins
        now = time.monotonic()
        until, found = self._all
        if now >= until:
            try:
                found = await self._listed()
            except FAILURES:
                return ()
            self._all = (now + KEEP_LIST_SECONDS, found)
        return found

    async def _listed(self) -> tuple[str, ...]:
        found: list[str] = []
        pages = 0
        async for page in await self._client.users_list(limit=200):
            members = page.get("members") or []
            found += [str(user["id"]) for user in members if not self._refusal_of(user)]
            pages += 1
            if pages == MOST_PAGES:
                break
        return tuple(found)

    async def _by_slack(self, user: str) -> str:
        person = await self._people.about(user)
        return "unknown" if person is None else self._refusal_of(person)

    def _refusal_of(self, user: Mapping[str, Any]) -> str:
        if is_outsider(user, self._team):
            return "guest"
        return "" if any(user.get(flag) for flag in _ADMIN) else "not_admin"
