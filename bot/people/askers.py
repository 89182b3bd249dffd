"""Who may ask: the people and channels that are allowed, and how much at a time.

Guests and people of other workspaces (Slack Connect) are refused unless the operator says
otherwise, or an admin has named them for a channel; what they think of answers is not taken either.
Does not tell anybody.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.errors import CannotAct, CannotAnswer
from bot.people.admins import Admins
from bot.people.people import KEEP_UNASKED_SECONDS, People, Person, is_outsider
from bot.settings import BotSettings
from bot.slack.actor import Actor
from tasks.asking.channels import ChannelSettings
from tasks.asking.limits import asked_lately, asked_within_a_minute, open_before, uncount
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs

UNKNOWN_SECONDS = (1.0, 3.0, 6.0)
"""The pauses between questions to Slack about somebody who is not known."""

BARRED = ("channel", "person", "outsider", "asker")
"""Why a person may not ask somewhere at all."""

REFUSALS = (*BARRED, "unknown", "rate", "at_once", "queue_full")
"""Why a question is refused; such a refusal is told to its asker alone."""


class Askers:
    """Decides for one workspace, `team`."""

    def __init__(self, people: People, admins: Admins, settings: BotSettings, team: str) -> None:
        self._people = people
        self._admins = admins
        self._settings = settings
        self._team = team

    async def check(self, job: Job, jobs: Jobs, own: ChannelSettings) -> None:
        """Return where a question may be asked; `own` are the settings of its channel.

        Raises:
            CannotAnswer: for one of `REFUSALS`.
            RedisError: the broker is away.
        """
        where = job.destination
        if not self._settings.answers_in(where["channel"], dm=bool(where["dm"])):
            raise CannotAnswer("channel")
        await self._check_person(where, own)
        await asyncio.to_thread(self._check_limits, job, jobs)

    async def check_feedback(self, user: str, own: ChannelSettings) -> None:
        """Return where `user` may rate, correct and teach; `own` are the channel's settings.

        Raises:
            CannotAct: it is an outsider whose questions are refused, or Slack does not say.
        """
        named = own.people if own.askers == "people" else self._settings.people
        if self._settings.guests == "on" or user in named:
            return
        person = await self._about(user)
        if not person or is_outsider(person, self._team):
            raise CannotAct("feedback.outsider" if person else "feedback.unknown")

    def check_room(self, user: str, jobs: Jobs) -> None:
        """Return where somebody may ask one more question now; called off the event loop.

        Raises:
            CannotAnswer: they have asked enough for now.
            RedisError: the broker is away.
        """
        per_minute, at_once = self._settings.questions_per_minute, self._settings.questions_at_once
        asked, open = asked_lately(jobs, user)
        if at_once and open >= at_once:
            raise CannotAnswer("at_once", most=at_once)
        if per_minute and asked >= per_minute:
            raise CannotAnswer("rate", most=per_minute)

    async def _check_person(self, where: Mapping[str, Any], own: ChannelSettings) -> None:
        user = str(where["user"])
        if own.askers == "people":
            if user not in own.people:
                raise CannotAnswer("asker")
            return  # an admin has named them, whoever they are
        allowed = self._settings.people
        if allowed and user not in (*allowed, *self._settings.admins):
            raise CannotAnswer("person")
        if self._settings.guests != "on" and not allowed and await self._is_outsider(user):
            raise CannotAnswer("outsider")
        if own.askers == "admins":
            why = await self._admins.refusal(Actor.of_destination(where))
            if why:
                raise CannotAnswer("unknown" if why == "unknown" else "asker")

    async def _is_outsider(self, user: str) -> bool:
        for pause in (*UNKNOWN_SECONDS, 0.0):
            person = await self._about(user)
            if person:
                return is_outsider(person, self._team)
            await asyncio.sleep(pause)
        raise CannotAnswer("unknown")

    async def _about(self, user: str) -> Person:
        """Ask Slack, whose last answer of an hour is enough while it gives none; empty if none."""
        person = await self._people.about(user)
        return person or self._people.known(user, KEEP_UNASKED_SECONDS)

    def _check_limits(self, job: Job, jobs: Jobs) -> None:
        per_minute, at_once = self._settings.questions_per_minute, self._settings.questions_at_once
        if at_once and open_before(jobs, job) >= at_once:
            raise CannotAnswer("at_once", most=at_once)
        asked = asked_within_a_minute(jobs, job)
        if per_minute and asked > per_minute:
            uncount(jobs.redis, job)
            raise CannotAnswer("rate", most=per_minute)
