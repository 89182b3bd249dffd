"""What Slack says of people, kept for a while: users.info with the locale.

Several questions about one person at a time are one call. Decides nothing.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.i18n.lookup import Language
from bot.slack.refusals import FAILURES

KEEP_SECONDS = 60.0
"""How long an answer of Slack is believed where it decides what somebody may do."""

KEEP_LOCALE_SECONDS = 600.0
"""How long it is believed where it decides in which language something is said. Slack has an event
for changed profiles, `user_change`; it does not say that a locale is one, and in a large workspace
it comes with every status that anybody sets."""

KEEP_UNASKED_SECONDS = 3600.0
"""How long it is believed while Slack cannot be asked."""

LOCALE_SECONDS = 0.8
"""How long a sentence waits for the language of its reader: a command is answered within three."""

NAME_SECONDS = 5.0
"""How long a name is waited for, which an answer goes without."""
NAME_CHARACTERS = 80

Person = Mapping[str, Any]
"""Slack's user object (https://docs.slack.dev/reference/objects/user-object)."""

_OUTSIDE = ("is_bot", "deleted", "is_restricted", "is_ultra_restricted", "is_stranger")


def is_outsider(person: Person, team: str) -> bool:
    """Tell whether somebody is a guest or a bot in `team`, or is of another workspace."""
    # In an organisation a person is listed under one team and may belong to others too.
    teams = {person.get("team_id"), *(person.get("enterprise_user") or {}).get("teams", ())}
    return any(person.get(flag) for flag in _OUTSIDE) or team not in teams


def _language_of(person: Person) -> Language | None:
    locale = str(person.get("locale") or "")
    if not locale:
        return None
    return "ja" if locale.startswith("ja") else "en"


class People:
    """The people of one workspace, and those of others whom it meets."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: dict[str, tuple[float, Person]] = {}
        self._asking: dict[str, asyncio.Task[Person | None]] = {}

    async def about(self, user: str, *, keep: float | None = None) -> Person | None:
        """Return what Slack said at most `keep` seconds ago; None where it cannot be asked."""
        person = self.known(user, KEEP_SECONDS if keep is None else keep)
        if person:
            return person
        asking = self._asking.get(user)
        if asking is None:
            asking = self._asking[user] = asyncio.create_task(self._ask(user))
            asking.add_done_callback(lambda _: self._asking.pop(user, None))
        return await asyncio.shield(asking)  # whoever waits no longer leaves it to the others

    def known(self, user: str, keep: float) -> Person:
        """Return what Slack said at most `keep` seconds ago, without asking; empty if nothing."""
        asked, person = self._known.get(user, (0.0, {}))
        return person if time.monotonic() - asked < keep else {}

    async def language(self, user: str) -> Language | None:
        """Return the language of a person's Slack; None where that is not known in time.

        Japanese where the locale is, English for every other: there are two catalogues.
        """
        try:
            asking = self.about(user, keep=KEEP_LOCALE_SECONDS)
            person = await asyncio.wait_for(asking, LOCALE_SECONDS)
        except TimeoutError:
            person = None
        return _language_of(person or {}) or self.known_language(user)

    def known_language(self, user: str) -> Language | None:
        """Return the language of a person's Slack, without asking; None where it is not known."""
        return _language_of(self._known.get(user, (0.0, {}))[1])

    async def name(self, user: str) -> str:
        """Return what people call somebody; their id where Slack does not say it in time.

        People choose their names: they are data.
        """
        try:
            asking = self.about(user, keep=KEEP_LOCALE_SECONDS)
            person = await asyncio.wait_for(asking, NAME_SECONDS)
        except TimeoutError:
            person = None
        person = person or {}
        profile: Mapping[str, Any] = person.get("profile") or {}
        names = (profile.get("display_name"), person.get("real_name"), person.get("name"))
        return " ".join(str(next(filter(None, names), user)).split())[:NAME_CHARACTERS]

    async def _ask(self, user: str) -> Person | None:
        try:
            response = await self._client.users_info(user=user, include_locale=True)
        except FAILURES:
            return None
        now = time.monotonic()
        oldest = now - KEEP_UNASKED_SECONDS
        self._known = {id: known for id, known in self._known.items() if known[0] > oldest}
        person: Person = response.get("user") or {}
        self._known[user] = (now, person)
        return person
