"""The accounts of the workspace.

Nobody joins or leaves: the set is fixed. Knows nothing of tokens, channels or messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.workspace.errors import Refused

TEAM_ID = "TLOCAL"
PARTNER_TEAM_ID = "TPARTNER"
"""The workspace with which the public channels are shared by Slack Connect."""
TEAM_NAME = "Local workspace"
TEAM_DOMAIN = "local"
APP_ID = "ALOCAL"
BOT_ID = "BBOT"
BOT_USER = "UBOT"
SLACKBOT_USER = "USLACKBOT"
"""Author of what the workspace itself says; not an account anybody can look up."""


@dataclass(frozen=True)
class Person:
    """An account; the bot has one too."""

    id: str
    name: str
    real_name: str
    locale: str
    tz: str
    tz_label: str
    tz_offset: int
    is_admin: bool = False
    is_bot: bool = False
    is_guest: bool = False
    """Invited into some channels; Slack calls that restricted."""
    team: str = TEAM_ID
    """Another team's people share channels by Slack Connect; Slack calls them strangers."""

    @property
    def is_stranger(self) -> bool:
        """Whether this is a person of another workspace."""
        return self.team != TEAM_ID

    def shown(self, locale: str | None = None) -> dict[str, Any]:
        """The person as a Slack user object, with a locale where one is given."""
        shown: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": False,
            "tz": self.tz,
            "tz_label": self.tz_label,
            "tz_offset": self.tz_offset,
            "profile": {
                "real_name": self.real_name,
                "real_name_normalized": self.real_name,
                "display_name": self.name,
                "display_name_normalized": self.name,
                "title": "",
                "status_text": "",
                "team": self.team,
            },
            "is_admin": self.is_admin,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.is_guest,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "updated": 0,
        }
        if self.is_stranger:
            shown["is_stranger"] = True
        if self.is_bot:
            shown["profile"] |= {"api_app_id": APP_ID, "bot_id": BOT_ID}
        if locale is not None:
            shown["locale"] = locale
        return shown


_TOKYO = ("Asia/Tokyo", "Japan Standard Time", 32400)
_LONDON = ("Europe/London", "Greenwich Mean Time", 0)

PEOPLE: dict[str, Person] = {
    person.id: person
    for person in (
        Person("UADMIN", "admin", "Admin", "ja-JP", *_TOKYO, is_admin=True),
        Person("UALICE", "alice", "Alice", "ja-JP", *_TOKYO),
        Person("UBOB", "bob", "Bob", "en-US", *_LONDON),
        Person("UGUEST", "guest", "Guest", "ja-JP", *_TOKYO, is_guest=True),
        Person("UPARTNER", "partner", "Partner", "en-US", *_LONDON, team=PARTNER_TEAM_ID),
        Person(BOT_USER, "swallow", "Swallow", "ja-JP", *_TOKYO, is_bot=True),
    )
}
HUMANS = tuple(person for person in PEOPLE.values() if not person.is_bot)


def person_named(reference: str) -> Person:
    """Find an account by id or name (with or without `@`). Raises Refused `user_not_found`."""
    for person in PEOPLE.values():
        if reference.removeprefix("@") in (person.id, person.name):
            return person
    raise Refused("user_not_found")


def bot_profile() -> dict[str, Any]:
    """The `bot_profile` object of every message the bot posts."""
    return {
        "id": BOT_ID,
        "app_id": APP_ID,
        "name": PEOPLE[BOT_USER].name,
        "deleted": False,
        "updated": 0,
        "team_id": TEAM_ID,
    }
