"""Switching adapters while questions are answered: each keeps the adapter it was asked with."""

import json
import shutil
from collections.abc import Iterator
from typing import Any, cast

import pytest
from redis import Redis
from safetensors.numpy import load_file, save_file

from tests.patience import until
from tests.system.adapters.marker import MARK, OPTIONS, write_marker
from tests.system.workspace import System, Workspace, footer_of
from trainer.adapters.adapter_files import WEIGHTS

LONG = "<@UBOT> Write a very long story about {}."
SHORT = "<@UBOT> What is the capital of {}?"


@pytest.fixture
def marked(system: System, workspace: Workspace) -> Iterator[str]:
    """An adapter that answers everything with the marker word; trained here unless it exists."""
    if not (system.home / "adapters" / "marked").exists():
        write_marker(system)
        workspace.command(f"/swallow-train {OPTIONS}")
        until(lambda: "Use this adapter" in workspace.buttons(workspace.channel("general")))
    yield "marked"
    system.command("adapter", "off")


@pytest.fixture
def redis(system: System) -> Iterator[Redis]:
    """The running system's broker."""
    url = json.loads((system.home / "broker.json").read_text("utf-8"))["url"]
    client = Redis.from_url(url, decode_responses=True)
    yield client
    client.close()


def times_of(redis: Redis, message: dict[str, Any]) -> tuple[int, int]:
    """Return when a message's job had its first text and its end, in milliseconds."""
    job = message["metadata"]["event_payload"]["job"]
    events = cast(Any, redis.xrange(f"swallow:events:{job}"))
    times = [(int(id.partition("-")[0]), fields["type"]) for id, fields in events]
    return next(at for at, type in times if type == "text"), times[-1][0]


def switch(workspace: Workspace, command: str, announcement: str, channel: str = "") -> None:
    channel = channel or workspace.channel("general")
    before = len(workspace.history(channel))
    workspace.command(f"/swallow-adapter {command}", channel=channel)
    until(
        lambda: any(
            announcement in m["text"] for m in workspace.history(channel)[: -before or None]
        ),
        lambda: str(workspace.ephemeral("UADMIN")[-3:]),
    )


def test_eight_questions_in_flight_each_get_the_adapter_they_were_asked_with(
    system: System, workspace: Workspace, marked: str, redis: Redis
) -> None:
    before = [workspace.say(LONG.format(thing)) for thing in ("a ship", "a bear", "rain", "tea")]
    for ts in before[:1] if system.one_at_a_time else before:
        workspace.wait_for_text(ts)
    switch(workspace, f"use {marked}", "I answer with the adapter")
    after = [workspace.say(SHORT.format(place)) for place in ("Peru", "Mali", "Fiji", "Cuba")]
    assert not any(m for ts in before for m in workspace.bot_messages(ts) if "tokens/s" in str(m))

    stories = [workspace.answers(ts)[0] for ts in before]
    marks = [workspace.answers(ts)[0] for ts in after]

    assert not any(
        MARK in message["text"] or "adapter" in footer_of(message) for message in stories
    )
    assert all(MARK in message["text"] for message in marks)
    assert all("adapter marked" in footer_of(message) for message in marks)
    last_end = max(times_of(redis, message)[1] for message in stories)
    first_text = min(times_of(redis, message)[0] for message in marks)
    assert last_end <= first_text


@pytest.fixture
def plain(system: System, marked: str) -> str:
    """An adapter that changes nothing: the other one with zeros for its second halves."""
    adapters = system.home / "adapters"
    shutil.copytree(adapters / marked, adapters / "plain")
    weights = load_file(adapters / "plain" / WEIGHTS)
    zeros = {name: tensor * (0 if ".lora_B." in name else 1) for name, tensor in weights.items()}
    save_file(zeros, adapters / "plain" / WEIGHTS)
    return "plain"


def test_two_channels_with_an_adapter_each_are_answered_by_their_own(
    workspace: Workspace, marked: str, plain: str
) -> None:
    own = {workspace.channel("general"): marked, workspace.channel("random"): plain}
    for channel, name in own.items():
        switch(workspace, f"use {name} here", f"in this channel with the adapter *{name}*", channel)

    asked = [
        (channel, workspace.say(SHORT.format(place), channel=channel))
        for place in ("Peru", "Mali", "Fiji", "Cuba")
        for channel in own
    ]
    answers = [(each[0], workspace.answers(each[1], channel=each[0])[0]) for each in asked]
    for channel in own:
        switch(workspace, "off here", "as elsewhere", channel)

    for channel, message in answers:
        assert f"adapter {own[channel]}" in footer_of(message)
        assert (MARK in message["text"]) == (own[channel] == marked)


def test_off_brings_back_exactly_the_answer_of_the_base(workspace: Workspace, marked: str) -> None:
    question = SHORT.format("France")
    base = workspace.answer(workspace.say(question))
    switch(workspace, f"use {marked}", "I answer with the adapter")
    assert MARK in workspace.answer(workspace.say(question))

    switch(workspace, "off", "I answer with the base model")

    assert workspace.answer(workspace.say(question)) == base


def test_compare_answers_with_both_in_one_thread(workspace: Workspace, marked: str) -> None:
    channel = workspace.channel("general")
    workspace.command(f"/swallow-adapter compare {marked} What is the capital of France?")
    until(lambda: "compared" in workspace.history(channel)[0]["text"])

    answers = workspace.answers(workspace.history(channel)[0]["ts"], count=2)

    texts = sorted((str(message["text"]) for message in answers), key=lambda text: MARK in text)
    assert "Paris" in texts[0]
    assert MARK in texts[1]


def test_the_terminal_compares_too(system: System, marked: str) -> None:
    done = system.command("adapter", "compare", marked, "What is the capital of France?", "--json")

    answers = json.loads(done.stdout)
    assert "Paris" in answers["base"]
    assert answers["adapter"].strip() == MARK


def test_the_terminal_switches_too_and_leaves_a_line_in_the_audit_log(
    system: System, workspace: Workspace, marked: str
) -> None:
    used = system.command("adapter", "use", marked)
    assert used.stdout.startswith("marked answers from the next question on"), used.stderr
    assert system.status()["adapter"] == "marked"
    assert MARK in workspace.answer(workspace.say(SHORT.format("Chad")))
    refused = system.command("adapter", "remove", marked, "--yes")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "is in use" in refused.stderr
    assert system.command("adapter", "off").stdout == "marked is off.\n"
    lines = (system.home / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    actions = [json.loads(line) for line in lines[-3:]]
    assert [(line["action"], line["outcome"]) for line in actions] == [
        ("adapter use", "done"),
        ("adapter remove", "refused"),
        ("adapter off", "done"),
    ]
    assert actions[0]["who"].startswith("operator:")
