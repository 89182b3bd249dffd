"""Slash commands, buttons and message shortcuts; the bot answers through a `response_url`.

Knows nothing of how the payloads reach the bot. Forms and the Home tab are in `views`.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.workspace.answers import failed, succeeded
from bot.workspace.block_kit.presses import press_in
from bot.workspace.delivery import interaction_payloads as payloads
from bot.workspace.errors import BadRequest, Refused
from bot.workspace.local_api.requests import (
    channel_and_person_of,
    json_of,
    string_of,
    undeclared_json_of,
)
from bot.workspace.state.channels import Channel
from bot.workspace.state.conversations import Message
from bot.workspace.state.people import SLACKBOT_USER, Person
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


async def run_command(workspace: Workspace, request: web.Request) -> web.Response:
    """Run a slash command as a person."""
    body = await json_of(request)
    channel, person = channel_and_person_of(request, body)
    command = string_of(body, "command")
    if not command.startswith("/") or " " in command:
        raise BadRequest(f"A command looks like /name, not {command!r}.")
    text = body.get("text") or ""
    if not isinstance(text, str):
        raise BadRequest("text must be a string.")
    key = workspace.response_urls.issue(channel, person.id)
    payload = payloads.slash_command(
        channel,
        person.id,
        command,
        text,
        workspace.response_url(key),
        workspace.triggers.issue(person.id),
    )

    def on_response(response: Json | None) -> None:
        try:
            if response is None:
                raise Refused("operation_timeout")
            workspace.response_urls.show_acknowledgement(key, response)
        except Refused as refused:
            sentence = f"{command} failed with the error `{refused.code}`."
            content = {"text": sentence, "user": SLACKBOT_USER}
            workspace.messages.post_ephemeral(channel, person.id, content)

    workspace.envelopes.send_interaction("slash_commands", payload, on_response)
    return succeeded(trigger_id=payload["trigger_id"])


async def press_button(workspace: Workspace, request: web.Request) -> web.Response:
    """Press a button as a person, on a public or an ephemeral message."""
    body = await json_of(request)
    channel, person = channel_and_person_of(request, body)
    message = _message(workspace, channel, person, string_of(body, "ts"))
    action = press_in(
        message.get("blocks", []),
        string_of(body, "action_id"),
        body.get("value"),
        str(body.get("block_id") or ""),
    )
    key = workspace.response_urls.issue(
        channel, person.id, message["ts"], is_ephemeral=bool(message.get("is_ephemeral"))
    )
    payload = payloads.press_in_message(
        channel,
        person.id,
        message,
        action,
        workspace.response_url(key),
        workspace.triggers.issue(person.id),
    )
    workspace.envelopes.send_interaction("interactive", payload, lambda response: None)
    return succeeded(trigger_id=payload["trigger_id"])


async def run_shortcut(workspace: Workspace, request: web.Request) -> web.Response:
    """Use a shortcut in a message's menu as a person; ephemeral messages have no menu."""
    body = await json_of(request)
    channel, person = channel_and_person_of(request, body)
    message = workspace.conversations.message(channel, string_of(body, "ts"))
    key = workspace.response_urls.issue(channel, person.id)
    payload = payloads.message_shortcut(
        channel,
        person.id,
        workspace.conversations.shown(channel, message, metadata=True),
        string_of(body, "callback_id"),
        workspace.response_url(key),
        workspace.triggers.issue(person.id),
        workspace.conversations.next_ts(),
    )
    workspace.envelopes.send_interaction("interactive", payload, lambda response: None)
    return succeeded(trigger_id=payload["trigger_id"])


async def use_response_url(workspace: Workspace, request: web.Request) -> web.Response:
    """Take what the bot posts to a `response_url`; like Slack, answer with a plain `ok`."""
    body = await undeclared_json_of(request)
    try:
        workspace.response_urls.use(request.match_info["key"], body)
    except Refused as refused:
        return failed(refused.code, 404 if refused.code in ("expired_url", "used_url") else 400)
    return web.Response(text="ok")


def _message(workspace: Workspace, channel: Channel, person: Person, ts: str) -> Message:
    """The message at `ts` as this person sees it. Raises Refused `message_not_found`."""
    for message in workspace.conversations.ephemeral(channel, person.id):
        if message["ts"] == ts:
            return message
    message = workspace.conversations.message(channel, ts)
    return workspace.conversations.shown(channel, message, metadata=True)
