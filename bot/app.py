"""The bot process: Bolt, its connection to Slack, the relay, and their start and end."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from uuid import uuid4

import aiohttp
from redis import Redis
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.alerts.alerts import Alerts
from bot.background import essential, letting_work_end
from bot.blind.presenter import Presenter
from bot.bot import Bot
from bot.connections.connection import connected
from bot.delivery.undeliverable import give_up
from bot.home_tab.publisher import HomeTabs
from bot.listeners import register
from bot.pace.call_pace import CallPace
from bot.pace.edit_pace import FORM_EDIT, EditPace
from bot.pace.rate_limits import RATE_LIMITS
from bot.pace.stream_pace import StreamPace
from bot.people.admins import Admins
from bot.people.askers import Askers
from bot.people.people import People
from bot.questions.follower import QuestionFollower
from bot.relay.event_streams import BLOCK_SECONDS, EventStreams
from bot.relay.relay import Relay
from bot.settings import BotSettings
from bot.shortcuts.follower import ShortcutFollower
from bot.shortcuts.share_follower import ShareFollower
from bot.slack.call_counts import CallCounts
from bot.slack.client import client_of
from bot.slack.refusals import failure_of, reason_of
from bot.surface import Surface
from bot.trainings.follower import TrainingFollower
from bot.trainings.plan_follower import PlanFollower
from tasks.adapters.registry import Registry
from tasks.audit import Audit
from tasks.broker.connection import connect, jobs_of, reachable
from tasks.broker.disk.flush import log_weakness
from tasks.broker.job import Job, Kind
from tasks.broker.relay_claims import Claims, record_no_access
from tasks.settings import Settings

log = logging.getLogger(__name__)

BROKER_PATIENCE_SECONDS = 1.5
"""Seconds a listener waits for a broker that is away: Slack wants an answer within three."""

STOPPING_SECONDS = 2.0
"""How long what was acknowledged may take to its end when the bot stops."""

THREADS = 64
"""For calls of the broker, which wait for their replies: each open question makes one now and then,
and where a link is slow asyncio's own few threads would hold up all of them."""

Follower = QuestionFollower | PlanFollower | TrainingFollower | ShortcutFollower | ShareFollower

FOLLOWERS: dict[Kind, type[Follower]] = {
    "answer": QuestionFollower,
    "plan": PlanFollower,
    "train": TrainingFollower,
}


async def run(settings: Settings, bot_settings: BotSettings, name: str | None = None) -> None:
    """Serve until SIGTERM or SIGINT.

    `name` identifies this bot among relays: restarted under the same name, it goes on at once with
    the jobs it had claimed.

    Raises:
        TokensMissing: one of the two tokens, or the signing secret, is not set.
        SlackApiError: Slack refuses a token.
        CannotListen: nothing can listen at the address for HTTP or for the bot's health.
        BrokerAway: the broker does not answer at the start.
    """
    stopped = _on_signals()
    async with serving(settings, bot_settings, name or f"bot-{uuid4().hex[:8]}"):
        await stopped.wait()


@asynccontextmanager
async def serving(settings: Settings, bot_settings: BotSettings, name: str) -> AsyncIterator[Bot]:
    """Connect to Slack and relay for as long as the context lasts; raises what `run` does."""
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="bot")
    asyncio.get_running_loop().set_default_executor(threads)
    async with aiohttp.ClientSession() as session:
        counts = CallCounts()
        pace = CallPace(RATE_LIMITS if bot_settings.keeps_rate_limits else {})
        client = client_of(bot_settings, session, counts, pace)
        with reachable(settings):
            bot = await _bot(settings, bot_settings, client, pace)
        log_weakness(bot.jobs.redis)
        # Bolt reads the variable too, and warns when its client already has a token.
        os.environ.pop("SLACK_BOT_TOKEN", None)
        app = AsyncApp(client=bot.client, process_before_response=True)
        tabs = HomeTabs(bot)
        register(app, bot, tabs)
        try:
            async with (
                letting_work_end(STOPPING_SECONDS),
                counts.kept(bot.jobs.redis),
                Alerts(bot).watching(),
                Presenter(bot).watching(),
                tabs.watching(),
                _relaying(settings, bot, name),
                connected(app, bot),
            ):
                yield bot
        finally:
            _close_idle(bot.jobs.redis)


async def _bot(
    settings: Settings, bot_settings: BotSettings, client: AsyncWebClient, pace: CallPace
) -> Bot:
    jobs = jobs_of(settings, patience=BROKER_PATIENCE_SECONDS)
    await asyncio.to_thread(jobs.redis.ping)
    try:
        me = await client.auth_test()
    except SlackApiError as error:
        if failure_of(error).kind == "no_access":
            await asyncio.to_thread(record_no_access, jobs.redis, reason_of(error))
        raise
    people, team = People(client), str(me["team_id"])
    admins = Admins(client, people, bot_settings, team)
    surface = Surface()
    surface.learn(me)
    return Bot(
        client=client,
        people=people,
        jobs=jobs,
        settings=bot_settings,
        edit_pace=EditPace(bot_settings.edit_seconds, pace),
        # Slack takes twice as many pieces of streams as edits.
        stream_pace=StreamPace(bot_settings.edit_seconds / 2, pace),
        form_pace=EditPace(bot_settings.edit_seconds, pace, edit=FORM_EDIT),
        user=str(me["user_id"]),
        name=str(me["user"]),
        task_settings=settings,
        admins=admins,
        askers=Askers(people, admins, bot_settings, team),
        audit=Audit(settings.home),
        registry=Registry(settings, jobs.redis),
        surface=surface,
    )


@asynccontextmanager
async def _relaying(settings: Settings, bot: Bot, name: str) -> AsyncIterator[None]:
    """Run the relay, and the thread that feeds it, for as long as the context lasts."""
    # The relay may wait longer for the broker than a listener.
    jobs = jobs_of(settings)
    blocking = connect(settings, block=BLOCK_SECONDS)
    relaying_bot = replace(bot, jobs=jobs)

    async def follow(job: Job) -> None:
        await _follower_of(job)(relaying_bot, streams, job).run()

    relay = Relay(jobs, Claims(jobs, name), follow, partial(give_up, relaying_bot))
    streams = EventStreams(blocking, jobs.redis, asyncio.get_running_loop(), relay.wake)
    try:
        async with essential(streams.serve(), relay.run(), relay.renew_claims()):
            yield
    finally:
        for redis in (jobs.redis, blocking):
            _close_idle(redis)


def _follower_of(job: Job) -> type[Follower]:
    if "form" in job.destination:
        return ShortcutFollower
    return ShareFollower if "shares" in job.destination else FOLLOWERS[job.kind]


def _close_idle(redis: Redis) -> None:
    """Close the connections that no thread uses; a call under way is completed."""
    redis.connection_pool.disconnect(inuse_connections=False)


def _on_signals() -> asyncio.Event:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    return stopped
