"""Whatever comes over the socket, no listener fails on it: it is acted on, or left alone."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from unittest.mock import AsyncMock

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook import WebhookResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.bot import Bot
from bot.listeners import register
from bot.listeners.socket import SocketHandler
from bot.questions.answer import STOP_ACTION
from bot.settings import BotSettings
from bot.slack.admins import Admins
from bot.slack.edit_pace import EditPace
from bot.trainings.final_card import USE_ACTION
from bot.trainings.plan_card import DISCARD_ACTION, START_ACTION
from bot.trainings.progress_card import CANCEL_ACTION
from tasks.adapters.registry import Registry
from tasks.audit import Audit
from tasks.broker.jobs import Jobs
from tasks.settings import Settings, checked
from tests.patience import SECONDS

Json = dict[str, Any]

COMMON = {"team_id": "T1", "api_app_id": "A1", "token": "t"}
MESSAGE = {"type": "message", "user": "U1", "channel": "C1", "ts": "1.1", "text": "<@UBOT> hi"}
FILES = [{"name": "a.txt", "size": 3, "url_private": "https://files.example/a.txt"}]


def _event(**fields: Any) -> Json:
    event = MESSAGE | {"channel_type": "channel"} | fields
    return COMMON | {"type": "event_callback", "event_id": "E1", "event": event}


def _command(command: str, text: str) -> Json:
    return COMMON | {
        "command": command,
        "text": text,
        "user_id": "UADMIN",
        "channel_id": "C1",
        "channel_name": "general",
        "response_url": "http://127.0.0.1:9/response",
        "trigger_id": "1.1",
    }


def _press(action: str) -> Json:
    return COMMON | {
        "type": "block_actions",
        "user": {"id": "UADMIN", "team_id": "T1"},
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "container": {"type": "message", "message_ts": "1.1", "channel_id": "C1"},
        "message": {"text": "Training", "ts": "1.1", "blocks": []},
        "response_url": "http://127.0.0.1:9/response",
        "trigger_id": "1.1",
        "actions": [
            {
                "type": "button",
                "action_id": action,
                "block_id": "b",
                "value": "0123456789abcdef",
                "text": {"type": "plain_text", "text": "Press"},
                "action_ts": "1.1",
            }
        ],
    }


TEMPLATES = [
    _event(type="app_mention"),
    _event(channel_type="im", files=FILES, subtype="file_share"),
    _event(thread_ts="1.0"),
    _event(subtype="message_changed", message=MESSAGE, previous_message=MESSAGE),
    _command("/swallow-train", "status"),
    _command("/swallow-train", "epochs=1 data=sample"),
    _command("/swallow-adapter", "list"),
    _command("/swallow-adapter", "use output"),
    *(
        _press(action)
        for action in (STOP_ACTION, START_ACTION, DISCARD_ACTION, CANCEL_ACTION, USE_ACTION)
    ),
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=4,
)
GONE = "\0gone"
CHANGES = st.lists(
    st.tuples(st.integers(0, 200), VALUES | st.just(GONE) | st.sampled_from(["", "\ud83d", "D1"])),
    max_size=3,
)


def _changed(payload: Json, changes: list[tuple[int, Any]]) -> Json:
    """Replace or remove a few values anywhere in a payload."""
    payload = deepcopy(payload)
    for number, value in changes:
        places = list(_places(payload))
        parent, key = places[number % len(places)]
        if value == GONE:
            del parent[key]
        else:
            parent[key] = value
        if not payload:
            break
    return payload


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = value if isinstance(value, dict) else range(len(value)) if _is_list(value) else ()
    for key in list(keys):
        yield value, key
        yield from _places(value[key])


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


async def _refuse(client: AsyncWebClient, api_method: str, **_: Any) -> Any:
    """Stand in for Slack, which refuses all but Bolt's question who the bot is."""
    if api_method != "auth.test":
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


async def _refuse_response(*_: Any, **__: Any) -> WebhookResponse:
    """Stand in for a `response_url` that is no longer taken."""
    return WebhookResponse(url="", status_code=404, body="expired_url", headers={})


class _Failures(logging.Handler):
    """What was logged with a traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or "Failed to run" in record.getMessage():
            self.texts.append(record.getMessage())


@pytest.fixture
def dispatch(
    redis: Redis, on_valkey: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Json], list[str]]]:
    """Hand a payload to a real Bolt app with every listener; returns what failed meanwhile."""
    monkeypatch.setattr(AsyncWebClient, "api_call", _refuse)
    monkeypatch.setattr(AsyncWebhookClient, "send_dict", _refuse_response)
    task_settings, bot_settings = checked(Settings), BotSettings(admins=("UADMIN",))
    client = AsyncWebClient("xoxb-local")
    jobs = Jobs(redis, keep_ms=60_000, queue_limit=1_000_000)
    bot = Bot(
        client=client,
        jobs=jobs,
        settings=bot_settings,
        edit_pace=EditPace(0),
        user="UBOT",
        name="swallow",
        task_settings=task_settings,
        admins=Admins(client, bot_settings, "T1"),
        audit=Audit(task_settings.home),
        registry=Registry(task_settings, redis),
    )
    app = AsyncApp(client=client, process_before_response=True)
    register(app, bot)
    failures = _Failures()
    logging.getLogger().addHandler(failures)
    loop = asyncio.new_event_loop()

    async def all_of(payload: Json) -> None:
        socket = AsyncMock()
        socket.logger = logging.getLogger("slack_bolt")
        before = asyncio.all_tasks()
        handler = object.__new__(SocketHandler)  # its constructor would connect
        handler.app = app
        await handler.handle(socket, SocketModeRequest("events_api", "E1", payload))
        while started := asyncio.all_tasks() - before:
            await asyncio.gather(*started, return_exceptions=True)

    def run(payload: Json) -> list[str]:
        failures.texts.clear()
        loop.run_until_complete(asyncio.wait_for(all_of(payload), SECONDS))
        return list(failures.texts)

    yield run
    logging.getLogger().removeHandler(failures)
    loop.close()


@settings(suppress_health_check=list(HealthCheck))
@given(template=st.sampled_from(TEMPLATES), changes=CHANGES)
@example(template=TEMPLATES[0], changes=[])
@example(template=_event(text="\ud83d"), changes=[])
@example(template=_event(channel={"id": "C1"}), changes=[])
@example(template=_event(ts=None), changes=[])
@example(template=_event(files=["x"]), changes=[])
def test_no_listener_fails_on_any_payload(
    dispatch: Callable[[Json], list[str]], template: Json, changes: list[tuple[int, Any]]
) -> None:
    payload = _changed(template, changes)

    failed = dispatch(payload)

    assert failed == [], json.dumps(payload)
