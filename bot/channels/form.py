"""The form in which an admin sets what holds for a channel, and what comes back from it.

What comes back may be of any shape, and is read with the same words as a typed command.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.command import (
    Set,
    read_adapter,
    read_askers,
    read_instructions,
    read_language,
    read_tokens,
)
from bot.i18n.lookup import Language, say
from bot.slack.blocks import plain_text
from bot.slack.command_words import Wrong
from bot.slack.views import field_in, modal, value_in
from tasks.asking.channels import MOST_INSTRUCTIONS, MOST_PEOPLE, ChannelSettings

FORM = "channel_settings"

MOST_ADAPTERS = 99
"""Slack shows a hundred options; the first is none of them."""

_AUTO = "auto"


def form(
    channel: str,
    settings: ChannelSettings,
    adapter: str,
    adapters: Sequence[str],
    language: Language,
) -> dict[str, Any]:
    """Return the view, filled in with what is set; `adapters` are those that can be chosen."""
    names = [adapter] if adapter and adapter not in adapters else []
    names += list(adapters)[: MOST_ADAPTERS - len(names)]
    return modal(
        FORM,
        "channel.form.title",
        [
            _field("instructions", _text(settings.instructions, MOST_INSTRUCTIONS, True), language),
            _field(
                "adapter",
                _select({_AUTO: say("channel.form.auto", language)} | _same(names), adapter),
                language,
            ),
            _field(
                "language",
                _select(
                    {
                        _AUTO: say("channel.form.readers", language),
                        "ja": "日本語",
                        "en": "English",
                    },
                    settings.language,
                ),
                language,
            ),
            _field("max", _text(str(settings.max_new_tokens or ""), 10, False), language),
            _field(
                "ask",
                _select(
                    {
                        "everyone": say("channel.form.everyone", language),
                        "admins": say("channel.form.admins", language),
                        "people": say("channel.form.people", language),
                    },
                    settings.askers,
                ),
                language,
            ),
            _field("people", _people(settings.people), language),
        ],
        language,
        metadata=channel,
        submit="channel.form.submit",
    )


def filled_in(view: Mapping[str, Any], language: Language) -> tuple[Set, dict[str, str]]:
    """Return what a person has set, and what is wrong with it: a sentence by field."""
    read: dict[str, Any] = {
        "instructions": read_instructions(value_in(view, "instructions")),
        "adapter": read_adapter(value_in(view, "adapter")),
        "language": read_language(value_in(view, "language")),
        "max": read_tokens(value_in(view, "max")),
        "ask": _read_askers(view),
    }
    wrong = {name: one.at_field(language) for name, one in read.items() if isinstance(one, Wrong)}
    if wrong:
        return Set({}), wrong
    values = {
        **read["language"],
        **read["max"],
        **read["ask"],
        "instructions": read["instructions"],
    }
    return Set(values, read["adapter"]), {}


def _read_askers(view: Mapping[str, Any]) -> dict[str, Any] | Wrong:
    """People who are named count only where people are chosen, and then there must be some."""
    who = value_in(view, "ask")
    if who != "people":
        return read_askers(who)
    people = field_in(view, "people").get("selected_users")
    if not isinstance(people, list) or not people:
        return Wrong("channel", "no_people")
    return read_askers(",".join(str(person) for person in people))


def _field(name: str, element: dict[str, Any], language: Language) -> dict[str, Any]:
    label = "chosen" if name == "people" else name
    field = {
        "type": "input",
        "block_id": name,
        "optional": name in ("instructions", "max", "people"),
        "label": plain_text(say(f"channel.form.{label}", language)),
        "element": {**element, "action_id": name},
    }
    if name in ("instructions", "max"):
        field["hint"] = plain_text(say(f"channel.form.{name}_hint", language))
    return field


def _text(value: str, most: int, multiline: bool) -> dict[str, Any]:
    element = {"type": "plain_text_input", "multiline": multiline, "max_length": most}
    return {**element, "initial_value": value} if value else element


def _select(options: Mapping[str, str], chosen: str) -> dict[str, Any]:
    shown = {
        value: {"text": plain_text(label[:75]), "value": value} for value, label in options.items()
    }
    first = shown.get(chosen) or next(iter(shown.values()))
    return {"type": "static_select", "options": list(shown.values()), "initial_option": first}


def _people(people: Sequence[str]) -> dict[str, Any]:
    element = {"type": "multi_users_select", "max_selected_items": MOST_PEOPLE}
    return {**element, "initial_users": list(people)} if people else element


def _same(names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names}
