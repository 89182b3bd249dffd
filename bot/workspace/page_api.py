"""The /local/* routes: what a person does besides speaking, and what the page follows.

Slash commands, pressed buttons, ephemeral messages, faults, the page's first state and its
stream of server-sent events. JSON only.
"""

from __future__ import annotations

import json
import time
from typing import Any

from aiohttp import web

from bot.workspace.block_kit import actions_in
from bot.workspace.delivery import payloads
from bot.workspace.errors import BadRequest, Refused
from bot.workspace.state.people import BOT_USER, HUMANS, PEOPLE, TEAM_NAME, Person, person_named
from bot.workspace.state.state import Channel, Message
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


async def run_command(workspace: Workspace, request: web.Request) -> web.Response:
    """Run a slash command as a person."""
    body = await _json(request)
    channel, person = _who_and_where(workspace, body)
    command = _string(body, "command")
    if not command.startswith("/") or " " in command:
        raise BadRequest(f"A command looks like /name, not {command!r}.")
    text = body.get("text") or ""
    if not isinstance(text, str):
        raise BadRequest("text must be a string.")
    key = workspace.responses.issue(channel, person.id)
    payload = payloads.slash_command(channel, person.id, command, text, workspace.response_url(key))

    def answered(answer: Json | None) -> None:
        try:
            if answer is None:
                raise Refused("operation_timeout")
            workspace.responses.acknowledged(key, answer)
        except Refused as refused:
            sorry = f"{command} failed with the error `{refused.code}`."
            workspace.messages.whisper(channel, person.id, {"text": sorry, "user": "USLACKBOT"})

    workspace.sockets.send_interaction("slash_commands", payload, answered)
    return _ok(trigger_id=payload["trigger_id"])


async def press_button(workspace: Workspace, request: web.Request) -> web.Response:
    """Press a button as a person, on a message everybody sees or only they do."""
    body = await _json(request)
    channel, person = _who_and_where(workspace, body)
    message = _message(workspace, channel, person, _string(body, "ts"))
    action = _action(message, _string(body, "action_id"), body.get("value"))
    key = workspace.responses.issue(
        channel, person.id, message["ts"], is_ephemeral=bool(message.get("is_ephemeral"))
    )
    payload = payloads.block_action(
        channel, person.id, message, action, workspace.response_url(key)
    )
    workspace.sockets.send_interaction("interactive", payload, lambda answer: None)
    return _ok(trigger_id=payload["trigger_id"])


async def ephemeral(workspace: Workspace, request: web.Request) -> web.Response:
    """What only one person sees in a channel."""
    channel, person = _who_and_where(workspace, dict(request.query))
    return _ok(messages=workspace.state.ephemeral(channel, person.id))


async def get_faults(workspace: Workspace, request: web.Request) -> web.Response:
    """The faults being injected."""
    return web.json_response(workspace.faults.shown())


async def set_faults(workspace: Workspace, request: web.Request) -> web.Response:
    """Change the faults named, leave the others, return them all."""
    workspace.faults.set(await _json(request))
    if workspace.faults.drop_sockets:
        workspace.sockets.drop(abrupt=workspace.faults.drop_sockets == "abrupt")
        workspace.faults.drop_sockets = False
    return web.json_response(workspace.faults.shown())


async def bootstrap(workspace: Workspace, request: web.Request) -> web.Response:
    """All the page needs to start, tokens included."""
    return _ok(
        team=TEAM_NAME,
        bot=BOT_USER,
        users=[
            {
                "id": person.id,
                "name": person.name,
                "real_name": person.real_name,
                "is_admin": person.is_admin,
                "is_bot": person.is_bot,
            }
            for person in PEOPLE.values()
        ],
        tokens={person.id: person.token for person in HUMANS},
        channels=[
            {"id": c.id, "name": c.name, "kind": c.kind, "person": c.person}
            for c in workspace.state.channels.values()
        ],
        statuses=workspace.statuses.shown(),
        connected=workspace.sockets.connected,
        event_id=workspace.feed.last_id,
    )


async def follow(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """Server-sent events of everything that happens, from `Last-Event-ID` or `since` on."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    response.headers["Cache-Control"] = "no-store"
    await response.prepare(request)
    since = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    try:
        await response.write(b"retry: 1000\n\n")
        async for happening in workspace.feed.follow(since):
            if happening is None:
                await response.write(b": still here\n\n")
                continue
            data = json.dumps(happening.data)
            event = f"id: {happening.id}\nevent: {happening.kind}\ndata: {data}\n\n"
            await response.write(event.encode())
    except ConnectionError:
        return response
    return response


async def respond(workspace: Workspace, request: web.Request) -> web.Response:
    """A `response_url`: Slack answers these with a plain `ok`."""
    try:
        workspace.responses.use(request.match_info["key"], await _json(request, strict=False))
    except Refused as refused:
        status = 404 if refused.code in ("expired_url", "used_url") else 400
        return web.json_response({"ok": False, "error": refused.code}, status=status)
    return web.Response(text="ok")


async def _json(request: web.Request, *, strict: bool = True) -> Json:
    if strict and request.content_type != "application/json":
        raise BadRequest("Send JSON, with Content-Type: application/json.", 415)
    try:
        body = json.loads(await request.text())
    except (ValueError, LookupError, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


def _string(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(f"{name} is missing.")
    return value


def _who_and_where(workspace: Workspace, body: Json) -> tuple[Channel, Person]:
    """The channel and the person named in a body, by id or name."""
    person = person_named(_string(body, "user"))
    if person.is_bot:
        raise BadRequest("user must be a person, not the bot.")
    return workspace.state.channel(_string(body, "channel"), seen_by=person.id), person


def _message(workspace: Workspace, channel: Channel, person: Person, ts: str) -> Message:
    for message in workspace.state.ephemeral(channel, person.id):
        if message["ts"] == ts:
            return message
    return workspace.state.shown(channel, workspace.state.message(channel, ts), metadata=True)


def _action(message: Message, action_id: str, value: Any) -> Json:
    """The `actions` entry for the element with this `action_id`; of two thumbs, the one meant."""
    for block_id, element in actions_in(message.get("blocks", [])):
        if element["action_id"] == action_id:
            pressed = _pressed(element, value)
            action = {
                "action_id": action_id,
                "block_id": block_id,
                "type": element["type"],
                "text": pressed.get("text"),
                "value": pressed.get("value", value),
                "action_ts": f"{time.time():.6f}",
            }
            return {key: item for key, item in action.items() if item is not None}
    raise Refused("action_not_found")


def _pressed(element: Json, value: Any) -> Json:
    if element["type"] != "feedback_buttons":
        return element
    buttons: list[Json] = [element["positive_button"], element["negative_button"]]
    for button in buttons:
        if button["value"] == value:
            return button
    raise Refused("action_not_found")


def _ok(**fields: Any) -> web.Response:
    return web.json_response({"ok": True, **fields})
