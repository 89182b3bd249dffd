"""The form in which an admin asks for a training, and what comes back from it.

What comes back may be of any shape, and each field is read as the same option of a typed command.
The fields of `ADVANCED` come with a button, and stay.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.i18n import units
from bot.i18n.lookup import CATALOGUE, Language, say
from bot.slack.blocks import button, plain_text
from bot.slack.command_words import Wrong
from bot.slack.views import modal, value_in
from bot.trainings.asking.command import Start
from bot.trainings.asking.options import OPTIONS, Option, Value, find
from tasks.trainings.dataset_rows import ListedDataset
from trainer.planning.options import METHODS

FORM = "ask_for_training"
ADVANCED_ACTION = "advanced_training_options"

MOST_DATASETS = 100
"""Slack's limit of a menu (https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element);
others are named in a typed command."""

BASIC = ("data", "epochs", "output")
ADVANCED = tuple(option.short for option in OPTIONS if option.short not in BASIC)

_DEFAULT = "(default)"
"""The value of the default data, which may have no name; no data set can be called so."""
_LABEL_CHARACTERS = 75
_VALUE_CHARACTERS = 80


def form(
    channel: str,
    datasets: Sequence[ListedDataset],
    language: Language,
    *,
    typed: Mapping[str, str] | None = None,
    advanced: bool = False,
) -> dict[str, Any]:
    """Return the view; its plan is shown in `channel`, and `typed` is what is in its fields."""
    typed = typed or {}
    names = (*BASIC, *ADVANCED) if advanced else BASIC
    blocks = [_field(name, _element(name, datasets, typed, language), language) for name in names]
    if not advanced:
        more = button(ADVANCED_ACTION, "more", say("train.form.advanced", language))
        blocks.append({"type": "actions", "block_id": "advanced", "elements": [more]})
    return modal(
        FORM, "train.form.title", blocks, language, metadata=channel, submit="train.form.submit"
    )


def typed_in(view: Mapping[str, Any]) -> dict[str, str]:
    """Return what is filled in, by the options' short names, as a command would have it."""
    typed = {name: value_in(view, name).strip() for name in (*BASIC, *ADVANCED)}
    return {name: text for name, text in typed.items() if text and text != _DEFAULT}


def filled_in(typed: Mapping[str, str], language: Language) -> tuple[Start, dict[str, str]]:
    """Return the training that `typed` asks for, and what is wrong with it: a sentence by field."""
    options: dict[str, Value] = {}
    wrong: dict[str, str] = {}
    for name, text in typed.items():
        option = _option(name)
        value = option.read(text)
        if isinstance(value, Wrong):
            wrong[name] = value.at_field(language)
        else:
            options[option.key] = value
    return Start(options), wrong


def as_text(typed: Mapping[str, str]) -> str:
    """Return what a person would have typed after `/swallow-train`."""
    return " ".join(f"{name}={text}" for name, text in typed.items())


def _field(name: str, element: dict[str, Any], language: Language) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": name,
        "optional": element["type"] != "static_select",
        "label": plain_text(say(f"train.form.{name}", language)),
        "hint": plain_text(_hint(name, language)),
        "element": {**element, "action_id": name},
    }


def _hint(name: str, language: Language) -> str:
    key, option = f"train.form.{name}_hint", _option(name)
    if key in CATALOGUE:
        return say(key, language)
    default = say("train.form.decided", language) if option.default is None else option.default
    expected = say(f"expected.{option.expected}", language, **option.limits)
    said = say("train.form.number_hint", language, default=default, expected=expected)
    return said.replace("`", "")


def _element(
    name: str, datasets: Sequence[ListedDataset], typed: Mapping[str, str], language: Language
) -> dict[str, Any]:
    if name == "data":
        labels = {one.name or _DEFAULT: _label(one, language) for one in datasets[:MOST_DATASETS]}
        return _select(labels, typed.get(name, ""))
    if name == "method":
        labels = {method: say(f"train.form.method_{method}", language) for method in METHODS}
        return _select(labels, typed.get(name, ""))
    element = {"type": "plain_text_input", "max_length": _VALUE_CHARACTERS}
    return {**element, "initial_value": typed[name]} if name in typed else element


def _label(dataset: ListedDataset, language: Language) -> str:
    title, rows = dataset.title or say("train.form.default", language), ""
    if dataset.rows is not None:
        rows = say("train.form.rows", language, rows=units.count(dataset.rows))
    room = _LABEL_CHARACTERS - len(rows)
    return (title if len(title) <= room else f"{title[: room - 1]}…") + rows


def _select(labels: Mapping[str, str], chosen: str) -> dict[str, Any]:
    options = {
        value: {"text": plain_text(label), "value": value} for value, label in labels.items()
    }
    first = options.get(chosen) or next(iter(options.values()))
    return {"type": "static_select", "options": list(options.values()), "initial_option": first}


def _option(name: str) -> Option:
    option = find(name)
    assert option is not None
    return option
