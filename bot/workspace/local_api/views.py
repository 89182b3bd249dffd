"""The form that a person has open and the person's Home tab: seen, filled in, pressed, submitted.

Tells the bot of it, and does what the bot answers a submission with. Knows nothing of how the
payloads reach the bot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.workspace.answers import failed, succeeded
from bot.workspace.block_kit.presses import press_in
from bot.workspace.block_kit.values import problems_of, with_given
from bot.workspace.block_kit.views import View, checked_view
from bot.workspace.delivery import interaction_payloads, payloads
from bot.workspace.errors import BadRequest, Refused
from bot.workspace.local_api.requests import json_of, person_of, string_of
from bot.workspace.state.channels import direct_messages_of
from bot.workspace.state.people import Person
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


async def form(workspace: Workspace, request: web.Request) -> web.Response:
    """What a person sees of an open form, and what is wrong with it by the block_id of a field."""
    person = person_of(request, request.query)
    return _shown(workspace, person)


async def home(workspace: Workspace, request: web.Request) -> web.Response:
    """A person's Home tab, null until the bot publishes it; tells the bot that it was opened."""
    person = person_of(request, request.query)
    view = workspace.views.home_of(person.id)
    if workspace.views.visit_home(person.id):
        channel = direct_messages_of(person.id)
        event = payloads.home_opened(channel, person.id, view, workspace.conversations.next_ts())
        workspace.envelopes.send_event(payloads.callback(event))
    return succeeded(view=view)


async def use(workspace: Workspace, request: web.Request) -> web.Response:
    """Submit or close a form, or press something in it or in the Home tab.

    The answer to `submit` comes once the bot has acknowledged it, and says what is seen then.
    """
    body = await json_of(request)
    person = person_of(request, body)
    do = _USES.get(string_of(body, "do"))
    if do is None:
        raise BadRequest(f"do takes {', '.join(_USES)}.")
    view = workspace.views.view_of(person.id, string_of(body, "view_id"))
    if body.get("values") is not None:
        values = with_given(view["blocks"], view["state"]["values"], body["values"])
        view = workspace.views.fill_in(person.id, view, values)
    return await do(workspace, person, view, body)


async def _submit(workspace: Workspace, person: Person, view: View, body: Json) -> web.Response:
    if view["type"] != "modal":
        raise BadRequest("A Home tab cannot be submitted.")
    problems = problems_of(view["blocks"], view["state"]["values"])
    if problems:
        # As in Slack, the client sees to this: the bot is not asked.
        workspace.views.show_errors(person.id, view["id"], problems)
        return _shown(workspace, person)
    if not workspace.sockets.connected:
        return failed("operation_timeout", 504)
    payload = interaction_payloads.view_submission(
        person.id, view, workspace.triggers.issue(person.id)
    )
    refusal = await _answered(workspace, person, view, payload)
    return _shown(workspace, person) if refusal is None else failed(refusal.code, 502)


async def _answered(
    workspace: Workspace, person: Person, view: View, payload: Json
) -> Refused | None:
    """Send a submission and do what the bot answers; returns why that could not be done."""
    done: asyncio.Future[Refused | None] = asyncio.get_running_loop().create_future()

    def on_response(response: Json | None) -> None:
        refusal = None
        try:
            _respond(workspace, person, view, response)
        except Refused as refused:
            refusal = refused
        if not done.done():  # whoever submitted may be gone
            done.set_result(refusal)

    workspace.envelopes.send_interaction("interactive", payload, on_response)
    return await done


def _respond(workspace: Workspace, person: Person, view: View, response: Json | None) -> None:
    """Do what the bot answers a submission with; without an action, close the view.

    Raises Refused `operation_timeout`, `invalid_response` or what is wrong with a view.
    """
    if response is None:
        raise Refused("operation_timeout")
    action = response.get("response_action")
    if action == "errors":
        errors = _errors_for(view, response.get("errors"))
        workspace.views.show_errors(person.id, view["id"], errors)
    elif action == "update":
        workspace.views.update(view["id"], _view_in(response))
    elif action == "push":
        workspace.views.push(person.id, _view_in(response))
    elif action == "clear":
        workspace.views.clear(person.id)
    elif action is None:
        workspace.views.close(person.id, view["id"])
    else:
        raise Refused("invalid_response")


def _errors_for(view: View, errors: Any) -> dict[str, str]:
    """The bot's errors, which must each be a sentence for an input block of the view."""
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise Refused("invalid_response")
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise Refused("invalid_response")
    return errors


def _view_in(response: Json) -> View:
    view = response.get("view")
    if not isinstance(view, dict):
        raise Refused("invalid_response")
    return checked_view(view, "modal")


async def _close(workspace: Workspace, person: Person, view: View, body: Json) -> web.Response:
    if view["type"] != "modal":
        raise BadRequest("A Home tab cannot be closed.")
    closed = workspace.views.stack_of(person.id) if view["clear_on_close"] else [view]
    for gone in reversed(closed):
        workspace.views.close(person.id, gone["id"])
        if gone["notify_on_close"]:
            payload = interaction_payloads.view_closed(
                person.id, gone, is_cleared=view["clear_on_close"]
            )
            workspace.envelopes.send_interaction("interactive", payload, lambda response: None)
    return _shown(workspace, person)


async def _press(workspace: Workspace, person: Person, view: View, body: Json) -> web.Response:
    action = press_in(
        view["blocks"],
        string_of(body, "action_id"),
        body.get("value"),
        str(body.get("block_id") or ""),
    )
    payload = interaction_payloads.press_in_view(
        person.id, view, action, workspace.triggers.issue(person.id)
    )
    workspace.envelopes.send_interaction("interactive", payload, lambda response: None)
    return succeeded(trigger_id=payload["trigger_id"])


def _shown(workspace: Workspace, person: Person) -> web.Response:
    views = workspace.views
    return succeeded(view=views.form_of(person.id), errors=views.errors_of(person.id))


_Use = Callable[[Workspace, Person, View, Json], Awaitable[web.Response]]
_USES: dict[str, _Use] = {"submit": _submit, "close": _close, "press": _press}
