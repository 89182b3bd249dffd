"""What a person does with the bot as an agent: opens its messages, presses Stop on its session."""

from __future__ import annotations

from aiohttp import web

from bot.workspace.answers import succeeded
from bot.workspace.delivery import payloads
from bot.workspace.errors import Refused
from bot.workspace.local_api.requests import (
    channel_and_person_of,
    json_of,
    person_of,
    string_of,
)
from bot.workspace.state.channels import direct_messages_of
from bot.workspace.web_api.streams import stop_all
from bot.workspace.workspace import Workspace


async def open_messages(workspace: Workspace, request: web.Request) -> web.Response:
    """The prompts of a person's direct messages; tells the bot that they were opened."""
    person = person_of(request, await json_of(request))
    channel = direct_messages_of(person.id)
    event = payloads.messages_opened(channel, person.id, workspace.conversations.next_ts())
    workspace.envelopes.send_event(payloads.callback(event))
    return succeeded(**workspace.sessions.prompts_of(person.id))


async def stop(workspace: Workspace, request: web.Request) -> web.Response:
    """Press Stop on a session that is processing.

    Slack stops the streams of its thread, and leaves the session as it is: that is the app's.
    """
    body = await json_of(request)
    channel, person = channel_and_person_of(request, body)
    thread = string_of(body, "thread_ts")
    if workspace.sessions.of(channel, thread)["status"] != "processing":
        raise Refused("session_not_processing")
    stopped = stop_all(workspace, channel, thread)
    ts = workspace.conversations.next_ts()
    event = payloads.session_stopped(channel, person.id, thread, stopped, ts)
    workspace.envelopes.send_event(payloads.callback(event))
    return succeeded()
