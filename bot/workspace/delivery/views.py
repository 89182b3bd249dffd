"""The forms that people have open, and each person's Home tab; the page is told of each change.

A form is a stack of up to three views, of which the last is seen. Kept in memory only: a restart
closes forms and empties Home tabs until the bot publishes them again. Knows nothing of HTTP, nor of
what the bot is told.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

from bot.workspace.block_kit.values import Values, initial_values
from bot.workspace.block_kit.views import View
from bot.workspace.delivery.page_events import PageEvents
from bot.workspace.errors import Refused
from bot.workspace.state.people import APP_ID, BOT_ID, TEAM_ID

# https://docs.slack.dev/surfaces/modals
MAX_STACK = 3
VISIT_SECONDS = 1.0
"""Looks at a Home tab within this time are one visit."""


class Views:
    """At most one form and one Home tab per person.

    Takes views that `block_kit.views` has checked, and returns them as Slack's view objects.
    """

    def __init__(self, page_events: PageEvents) -> None:
        self._page_events = page_events
        self._stacks: dict[str, list[View]] = {}
        self._homes: dict[str, View] = {}
        self._errors: dict[str, dict[str, str]] = {}
        self._visits: dict[str, float] = {}  # by person, on the monotonic clock, in seconds

    def form_of(self, user: str) -> View | None:
        """The view that a person sees of a form, None without an open form."""
        stack = self._stacks.get(user)
        return stack[-1] if stack else None

    def errors_of(self, user: str) -> dict[str, str]:
        """What was wrong with a person's last submission: a sentence by block_id."""
        form = self.form_of(user)
        return self._errors.get(form["id"], {}) if form else {}

    def home_of(self, user: str) -> View | None:
        """A person's Home tab, None if none was published."""
        return self._homes.get(user)

    def visit_home(self, user: str) -> bool:
        """Whether a person who looks at the Home tab has just opened it."""
        now = time.monotonic()
        if now - self._visits.get(user, -VISIT_SECONDS) < VISIT_SECONDS:
            return False
        self._visits[user] = now
        return True

    def view_of(self, user: str, view_id: str) -> View:
        """The view that a person can use now. Raises Refused `view_not_found`."""
        for view in (self.form_of(user), self.home_of(user)):
            if view is not None and view["id"] == view_id:
                return view
        raise Refused("view_not_found")

    def stack_of(self, user: str) -> list[View]:
        """The views of a person's form, the one that is seen last."""
        return list(self._stacks.get(user, []))

    def open(self, user: str, view: View) -> View:
        """Open a form; one that is open already gives way.

        Raises Refused `duplicate_external_id`.
        """
        self._check_external_id(view)
        opened = _new(view, previous=None)
        self._stacks[user] = [opened]
        self._publish_form(user)
        return opened

    def push(self, user: str, view: View) -> View:
        """Show a view on top of a person's form.

        Raises Refused `not_found`, `push_limit_reached` or `duplicate_external_id`.
        """
        stack = self._stacks.get(user)
        if not stack:
            raise Refused("not_found")
        if len(stack) >= MAX_STACK:
            raise Refused("push_limit_reached")
        self._check_external_id(view)
        pushed = _new(view, previous=stack[-1])
        stack.append(pushed)
        self._publish_form(user)
        return pushed

    def update(self, reference: str, view: View, hash: str = "") -> View:
        """Replace a view of a form by a new one; `reference` is its id or `external_id`.

        Raises Refused `not_found`, `hash_conflict` or `duplicate_external_id`.
        """
        user, before = self._found(reference)
        self._check_change(before, view, hash)
        after = _next(before, view)
        self._stacks[user] = [after if v is before else v for v in self._stacks[user]]
        self._errors.pop(before["id"], None)
        self._publish_form(user)
        return after

    def publish_home(self, user: str, view: View, hash: str = "") -> View:
        """Show a person's Home tab, the first time or anew.

        Raises Refused `hash_conflict` or `duplicate_external_id`.
        """
        before = self._homes.get(user)
        if before is None:
            self._check_external_id(view)
            after = _new(view, previous=None)
        else:
            self._check_change(before, view, hash)
            after = _next(before, view)
        self._homes[user] = after
        self._page_events.publish("home", user=user, view=after)
        return after

    def fill_in(self, user: str, view: View, values: Values) -> View:
        """Keep what a person filled in; the page has it already."""
        filled = view | {"state": {"values": values}}
        if view["type"] == "home":
            self._homes[user] = filled
        else:
            self._stacks[user] = [filled if v is view else v for v in self._stacks[user]]
        return filled

    def show_errors(self, user: str, view_id: str, errors: dict[str, str]) -> None:
        """Show what is wrong under the fields of a form; without effect if it was closed."""
        if any(view["id"] == view_id for view in self._stacks.get(user, [])):
            self._errors[view_id] = errors
            self._publish_form(user)

    def close(self, user: str, view_id: str) -> None:
        """Close a view and what is on top of it; without effect if it was closed already."""
        stack = self._stacks.get(user, [])
        ids = [view["id"] for view in stack]
        if view_id in ids:
            self._close_from(user, ids.index(view_id))

    def clear(self, user: str) -> None:
        """Close all views of a person's form."""
        self._close_from(user, 0)

    def _close_from(self, user: str, first: int) -> None:
        stack = self._stacks.get(user, [])
        for view in stack[first:]:
            self._errors.pop(view["id"], None)
        self._stacks[user] = stack[:first]
        self._publish_form(user)

    def _forms(self) -> Iterator[tuple[str, View]]:
        for user, stack in self._stacks.items():
            for view in stack:
                yield user, view

    def _found(self, reference: str) -> tuple[str, View]:
        for user, view in self._forms():
            if reference and reference in (view["id"], view["external_id"]):
                return user, view
        raise Refused("not_found")

    def _check_change(self, before: View, view: View, hash: str) -> None:
        if hash and hash != before["hash"]:
            raise Refused("hash_conflict")
        self._check_external_id(view, but_of=before["id"])

    def _check_external_id(self, view: View, but_of: str = "") -> None:
        shown = [*(view for _, view in self._forms()), *self._homes.values()]
        taken = {other["external_id"] for other in shown if other["id"] != but_of}
        if view["external_id"] and view["external_id"] in taken:
            raise Refused("duplicate_external_id")

    def _publish_form(self, user: str) -> None:
        self._page_events.publish(
            "view", user=user, view=self.form_of(user), errors=self.errors_of(user)
        )


def _new(view: View, previous: View | None) -> View:
    """A view as Slack's view object, with an id of its own."""
    id = "V" + uuid.uuid4().hex[:12].upper()
    return view | {
        "id": id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
        "root_view_id": previous["root_view_id"] if previous else id,
        "previous_view_id": previous["id"] if previous else None,
        "hash": _hash(),
        "state": {"values": initial_values(view["blocks"])},
    }


def _next(before: View, view: View) -> View:
    """The view that takes the place of `before`, with what was filled in already."""
    values = initial_values(view["blocks"], before["state"]["values"])
    return before | view | {"hash": _hash(), "state": {"values": values}}


def _hash() -> str:
    return uuid.uuid4().hex
