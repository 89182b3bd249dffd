"""Slack's end of the socket, without a socket: its payloads go to a real Bolt app.

What the bot calls is refused and written down, but for what a test lets through.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from unittest.mock import AsyncMock

import pytest
from redis import Redis
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.bot import Bot
from bot.connections.socket import SocketHandler
from bot.listeners import register
from bot.pace.edit_pace import EditPace
from bot.pace.stream_pace import StreamPace
from bot.people.admins import Admins
from bot.people.askers import Askers
from bot.people.people import People
from bot.settings import BotSettings
from tasks.adapters.registry import Registry
from tasks.audit import Audit
from tasks.broker.jobs import Jobs
from tasks.settings import Settings, checked
from tests.patience import SECONDS

Json = dict[str, Any]

COMMON = {"team_id": "T1", "api_app_id": "A1", "token": "t"}
MESSAGE = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.1", "text": "<@UBOT> hi"}
FILES = [{"name": "a.txt", "size": 3, "url_private": "https://files.example/a.txt"}]
RESPONSE_URL = "http://127.0.0.1:9/response"


def event(**fields: Any) -> Json:
    """A message, in the channel or where `fields` say."""
    said = MESSAGE | {"channel_type": "channel"} | fields
    return COMMON | {"type": "event_callback", "event_id": "E1", "event": said}


def home_opened(user: str = "UADMIN") -> Json:
    """Somebody opens the Home tab."""
    opened = {"type": "app_home_opened", "user": user, "channel": "D1", "tab": "home"}
    return COMMON | {"type": "event_callback", "event_id": "E1", "event": opened}


def command(name: str, text: str) -> Json:
    """A slash command of an admin."""
    return COMMON | {
        "command": name,
        "text": text,
        "user_id": "UADMIN",
        "channel_id": "C1",
        "channel_name": "general",
        "response_url": RESPONSE_URL,
        "trigger_id": "1.1",
    }


def press(
    action: str,
    value: str = "0123456789abcdef",
    *,
    user: str = "UADMIN",
    channel: str = "C1",
    block: str = "b",
    at: str = "1.1",
) -> Json:
    """A press of a button in a message."""
    return _interaction("block_actions", user) | {
        "channel": {"id": channel},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": channel},
        "message": {"text": "Training", "ts": "1.1", "blocks": []},
        "response_url": RESPONSE_URL,
        "actions": [_action(action, value, block, at)],
    }


def press_in_home(action: str, value: str = "0123456789abcdef", *, user: str = "UADMIN") -> Json:
    """A press of a button in the Home tab."""
    return _interaction("block_actions", user) | {
        "container": {"type": "view", "view_id": "V1"},
        "view": {"id": "V1", "type": "home", "callback_id": "", "private_metadata": "en"},
        "actions": [_action(action, value, "b", "1.1")],
    }


def form(
    callback: str,
    texts: Mapping[str, Any],
    *,
    draft: str = "0123456789abcdef",
    user: str = "UADMIN",
    id: str = "V2",
    kind: str | None = "modal",
) -> Json:
    """A form that is submitted."""
    values = {
        name: {name: {"type": "plain_text_input", "value": text}} for name, text in texts.items()
    }
    return _interaction("view_submission", user) | {
        "view": {
            "id": id,
            "type": kind,
            "callback_id": callback,
            "private_metadata": draft,
            "state": {"values": values},
        }
    }


def shortcut(
    callback: str, *, by: str = "UADMIN", channel: str = "C1", **message: str | None
) -> Json:
    """A shortcut in the menu of a message."""
    return _interaction("message_action", by) | {
        "callback_id": callback,
        "channel": {"id": channel, "name": "general"},
        "message_ts": "1.1",
        "message": MESSAGE | {"ts": "1.1"} | message,
        "response_url": RESPONSE_URL,
    }


def _interaction(kind: str, user: str) -> Json:
    who = {"user": {"id": user, "team_id": "T1"}, "team": {"id": "T1"}}
    return COMMON | {"type": kind, "trigger_id": "1.1"} | who


def _action(action: str, value: str, block: str, at: str) -> Json:
    return {
        "type": "button",
        "action_id": action,
        "block_id": block,
        "value": value,
        "text": {"type": "plain_text", "text": "Press"},
        "action_ts": at,
    }


class Failures(logging.Handler):
    """What was logged with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or "Failed to run" in record.getMessage():
            self.texts.append(record.getMessage())


class Slack:
    """Sends payloads to a bot whose admin is UADMIN; `calls` are its calls of the Web API."""

    def __init__(self, redis: Redis, monkeypatch: pytest.MonkeyPatch, *let_through: str) -> None:
        self.calls: list[tuple[str, Json]] = []
        self.failures = Failures()
        self._let_through = ("auth.test", *let_through)
        self._loop = asyncio.new_event_loop()

        async def call(client: AsyncWebClient, api_method: str, **arguments: Any) -> Any:
            return self._answer(client, api_method, arguments)

        monkeypatch.setattr(AsyncWebClient, "api_call", call)
        monkeypatch.setattr(AsyncWebhookClient, "send_dict", _refuse_response)
        self.jobs = Jobs(redis, keep_ms=60_000, queue_limit=1_000_000)
        self._app = AsyncApp(client=AsyncWebClient("xoxb-local"), process_before_response=True)
        register(self._app, self._bot(redis))
        logging.getLogger().addHandler(self.failures)

    def close(self) -> None:
        """Send no more."""
        logging.getLogger().removeHandler(self.failures)
        self._loop.close()

    def send(self, *payloads: Json) -> list[str]:
        """Deliver payloads at once, and wait until all is done; returns what failed meanwhile."""
        self.failures.texts.clear()
        self._loop.run_until_complete(asyncio.wait_for(self._deliver(payloads), SECONDS))
        return list(self.failures.texts)

    async def _deliver(self, payloads: tuple[Json, ...]) -> None:
        socket = AsyncMock()
        socket.logger = logging.getLogger("slack_bolt")
        before = asyncio.all_tasks()
        handler = object.__new__(SocketHandler)  # its constructor would connect
        handler.app = self._app
        requests = [SocketModeRequest("events_api", "E1", payload) for payload in payloads]
        await asyncio.gather(*(handler.handle(socket, request) for request in requests))
        while started := asyncio.all_tasks() - before:
            await asyncio.gather(*started, return_exceptions=True)

    def _answer(self, client: AsyncWebClient, api_method: str, arguments: Json) -> Any:
        """Refuse all but Bolt's question who the bot is, and what is let through."""
        self.calls.append((api_method, arguments.get("json") or arguments.get("params") or {}))
        if api_method not in self._let_through:
            answer = {"ok": False, "error": "channel_not_found"}
            raise SlackApiError("refused", answer)  # type: ignore[no-untyped-call]
        me = {"ok": True, "user_id": "UBOT", "user": "swallow", "team_id": "T1", "bot_id": "BBOT"}
        return AsyncSlackResponse(
            client=client,
            http_verb="POST",
            api_url=api_method,
            req_args={},
            data=me,
            headers={},
            status_code=200,
        )

    def _bot(self, redis: Redis) -> Bot:
        task_settings, bot_settings = (
            checked(Settings),
            BotSettings(admins=("UADMIN",), guests="on"),
        )
        client = AsyncWebClient("xoxb-local")
        return Bot(
            client=client,
            jobs=self.jobs,
            settings=bot_settings,
            edit_pace=EditPace(0),
            stream_pace=StreamPace(0),
            form_pace=EditPace(0),
            user="UBOT",
            name="swallow",
            task_settings=task_settings,
            people=(people := People(client)),
            admins=(admins := Admins(client, people, bot_settings, "T1")),
            askers=Askers(people, admins, bot_settings, "T1"),
            audit=Audit(task_settings.home),
            registry=Registry(task_settings, redis),
        )


async def _refuse_response(*_: Any, **__: Any) -> WebhookResponse:
    """Stand in for a `response_url` that is no longer taken."""
    return WebhookResponse(url="", status_code=404, body="expired_url", headers={})
