"""The options of a training that may be set from Slack, and the strict reading of their values.

Numbers and their ranges come from the trainer's table of options. Data and output are names here,
not paths: the host that trains decides which file or folder a name stands for.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack.command_words import Wrong, folded
from tasks.trainings.datasets import is_dataset_name
from trainer.adapters.names import is_adapter_name
from trainer.planning.option_spec import OptionSpec
from trainer.planning.options import OPTIONS as TRAINER_OPTIONS

Value = int | float | str

_WHOLE = re.compile(r"0|[1-9][0-9]{0,11}")
_NUMBER = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Option:
    """One option: `key` names it in the request, `short` is what people type.

    `expected`, with `limits` filled in, is the catalogue's key for what a value must be.
    """

    key: str
    short: str
    expected: str
    parse: Callable[[str], Value | None]
    """Returns the value that a word writes, None where it writes none."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    default: Value | None = None
    """None where it is decided when the training starts."""

    def read(self, word: str) -> Value | Wrong:
        """Return the value that `word` writes, or what is wrong with it."""
        value = self.parse(word)
        if value is not None:
            return value
        words = {"option": self.short, "value": word}
        return Wrong("train", "value", words, self.expected, self.limits)


def _named(key: str, expected: str, is_name: Callable[[str], bool]) -> Option:
    return Option(key, key, expected, lambda word: word if is_name(word) else None)


def _number(spec: OptionSpec) -> Option:
    bounds, whole = spec.chat_bounds, spec.kind is int

    def parse(word: str) -> Value | None:
        if not (_WHOLE if whole else _NUMBER).fullmatch(word):
            return None
        value = int(word) if whole else float(word)
        return value if value in bounds else None

    short = str(spec.chat_name)
    if whole:
        limits = {"least": bounds.least, "most": bounds.most}
        return Option(spec.name, short, "whole", parse, limits, spec.default)
    return Option(spec.name, short, short, parse, default=spec.default)


def _choice(spec: OptionSpec) -> Option:
    short = str(spec.chat_name)
    return Option(spec.name, short, short, lambda word: word if word in spec.choices else None)


OPTIONS = (
    _named("data", "dataset", is_dataset_name),
    _named("output", "name", is_adapter_name),
    *(
        _choice(spec) if spec.choices else _number(spec)
        for spec in TRAINER_OPTIONS
        if spec.chat_name
    ),
)

_ALIASES = {"data_path": "data", "output_dir": "output"}
_BY_NAME = {name: option for option in OPTIONS for name in (option.key, option.short)}


def find(name: str) -> Option | None:
    """Return the option called `name`, by its short or its long name, with `-` or `_`."""
    key = folded(name).removeprefix("--").replace("-", "_")
    return _BY_NAME.get(_ALIASES.get(key, key))
