"""The views.* methods: open, push and update a form, publish a Home tab.

The rules of a view are in `block_kit.views`; `delivery.views` keeps what is shown.
"""

from __future__ import annotations

from typing import Any

from bot.workspace.block_kit.views import View, checked_view
from bot.workspace.errors import Refused
from bot.workspace.state.people import person_named
from bot.workspace.state.tokens import Caller
from bot.workspace.web_api.call_arguments import Arguments
from bot.workspace.workspace import Workspace

Json = dict[str, Any]


def open_view(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """views.open: show a form to the person whose trigger it is."""
    view = _view(args, "modal")
    return {"view": workspace.views.open(_exchanged(workspace, args), view)}


def push(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """views.push: show a view on top of a form."""
    view = _view(args, "modal")
    return {"view": workspace.views.push(_exchanged(workspace, args), view)}


def update(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """views.update: replace a view of a form, found by its id or its `external_id`."""
    reference = args.text("view_id") or args.text("external_id")
    if not reference:
        raise Refused("invalid_arguments", "view_id or external_id is required")
    view = _view(args, "modal")
    return {"view": workspace.views.update(reference, view, args.text("hash"))}


def publish(workspace: Workspace, caller: Caller, args: Arguments) -> Json:
    """views.publish: show a person's Home tab."""
    user = person_named(args.text("user_id")).id
    view = _view(args, "home")
    return {"view": workspace.views.publish_home(user, view, args.text("hash"))}


def _view(args: Arguments, kind: str) -> View:
    view = args.object("view", "invalid_arguments")
    if view is None:
        raise Refused("invalid_arguments", "view is required")
    return checked_view(view, kind)


def _exchanged(workspace: Workspace, args: Arguments) -> str:
    """The person whose trigger came with the call. A view that is refused leaves it as it is."""
    return workspace.triggers.exchange(args.text("trigger_id"))


METHODS = {
    "views.open": open_view,
    "views.push": push,
    "views.update": update,
    "views.publish": publish,
}
