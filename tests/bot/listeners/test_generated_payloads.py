"""Whatever comes over the socket, no listener fails on it: it is acted on, or left alone."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis

from bot.adapters.worse import USE_ANYWAY_ACTION
from bot.blind.cards import REVEAL_ACTION, VOTE_ACTIONS
from bot.feedback.cards import (
    APPROVE_ACTION,
    APPROVE_ALL_ACTION,
    EXAM_ACTION,
    REFUSE_ACTION,
    REMOVE_ACTION,
)
from bot.feedback.forms import CORRECT_FORM, TEACH_FORM
from bot.home_tab.state import TRAIN_ACTION
from bot.listeners.shortcuts import CALLBACKS
from bot.questions.answer import STOP_ACTION
from bot.questions.rating import CORRECT_ACTION, RATE_ACTION
from bot.shortcuts.views import ANSWER_FORM, CHOICE_ACTION, QUESTION_FORM, SHARE_ACTION
from bot.trainings.asking.form import ADVANCED_ACTION
from bot.trainings.asking.form import FORM as TRAINING_FORM
from bot.trainings.final_card import USE_ACTION
from bot.trainings.plan_card import DISCARD_ACTION, START_ACTION
from bot.trainings.progress_card import CANCEL_ACTION
from tests.bot.socket_end import (
    FILES,
    MESSAGE,
    Json,
    Slack,
    command,
    event,
    form,
    home_opened,
    press,
    press_in_home,
    shortcut,
)

TEMPLATES = [
    event(type="app_mention"),
    event(channel_type="im", files=FILES, subtype="file_share"),
    event(thread_ts="1.0"),
    event(subtype="message_changed", message=MESSAGE, previous_message=MESSAGE),
    command("/swallow-train", ""),
    command("/swallow-train", "status"),
    command("/swallow-train", "epochs=1 data=sample"),
    command("/swallow-adapter", "list"),
    command("/swallow-adapter", "use output"),
    *(
        press(action)
        for action in (
            *(STOP_ACTION, START_ACTION, DISCARD_ACTION, CANCEL_ACTION, USE_ACTION),
            *(RATE_ACTION, CORRECT_ACTION, APPROVE_ACTION),
            *(USE_ANYWAY_ACTION, REVEAL_ACTION, *VOTE_ACTIONS),
        )
    ),
    *(
        press_in_home(action)
        for action in (
            *(EXAM_ACTION, REFUSE_ACTION, APPROVE_ALL_ACTION, REMOVE_ACTION),
            *(ADVANCED_ACTION, TRAIN_ACTION),
        )
    ),
    form(CORRECT_FORM, {"instruction": "a", "input": "", "output": "b"}),
    form(TEACH_FORM, {"instruction": "a", "output": None}),
    form(TRAINING_FORM, {"data": "sample", "epochs": "1", "output": "x"}),
    shortcut(TEACH_FORM),
    *(shortcut(callback) for callback in CALLBACKS.values()),
    form(QUESTION_FORM, {"question": "a"}),
    form(ANSWER_FORM, {}) | {"type": "view_closed"},
    press(SHARE_ACTION),
    press_in_home(CHOICE_ACTION),
    home_opened(),
    event(type="agent_session_stopped", thread_ts="1.0"),
    event(channel_type="im", files=FILES, subtype="file_share", text="dataset x"),
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


@pytest.fixture
def slack(redis: Redis, on_valkey: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    monkeypatch.setenv("SWALLOW_FEEDBACK", "on")
    slack = Slack(redis, monkeypatch)
    yield slack
    slack.close()


@settings(suppress_health_check=list(HealthCheck))
@given(template=st.sampled_from(TEMPLATES), changes=CHANGES)
@example(template=TEMPLATES[0], changes=[])
@example(template=event(text="\ud83d"), changes=[])
@example(template=event(channel={"id": "C1"}), changes=[])
@example(template=event(ts=None), changes=[])
@example(template=event(files=["x"]), changes=[])
@example(template=form(TEACH_FORM, {}, kind=None), changes=[])
def test_no_listener_fails_on_any_payload(
    slack: Slack, template: Json, changes: list[tuple[int, Any]]
) -> None:
    payload = _changed(template, changes)

    failed = slack.send(payload)

    assert failed == [], json.dumps(payload)
