"""The options of a training that may be set from Slack, and strict reading of their values.

The ranges are the trainer's, with an upper end where it has none.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.slack.command_words import Wrong, folded, name_or_wrong
from tasks.trainings.datasets import valid_name

Value = int | float | str

_WHOLE = re.compile(r"0|[1-9][0-9]{0,11}")
_NUMBER = re.compile(r"(?:[0-9]{1,12}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Option:
    """One option: `key` is the trainer's name for it, `short` the one people type."""

    key: str
    short: str
    expected: str
    holds: Callable[[float], bool] = lambda _: True
    limits: Mapping[str, Any] = field(default_factory=dict)

    def read(self, word: str) -> Value | Wrong:
        """Return the value that `word` writes."""
        if self.expected == "name":
            return name_or_wrong("train", self.short, word)
        if self.expected == "dataset" and valid_name(word):
            return word
        whole = self.expected == "whole"
        if self.expected != "dataset" and (_WHOLE if whole else _NUMBER).fullmatch(word):
            value = int(word) if whole else float(word)
            if self.holds(value):
                return value
        words = {"option": self.short, "value": word}
        return Wrong("train", "value", words, self.expected, self.limits)


def _whole(key: str, short: str, least: int, most: int) -> Option:
    limits = {"least": least, "most": most}
    return Option(key, short, "whole", lambda value: least <= value <= most, limits)


OPTIONS = (
    Option("data", "data", "dataset"),
    Option("output", "output", "name"),
    _whole("num_epochs", "epochs", 1, 1000),
    Option("learning_rate", "lr", "lr", lambda value: 0 < value <= 1),
    _whole("lora_r", "r", 1, 512),
    Option("lora_alpha", "alpha", "alpha", lambda value: 0 < value < 1e6),
    Option("lora_dropout", "dropout", "dropout", lambda value: 0 <= value < 1),
    _whole("cutoff_len", "cutoff", 16, 131_072),
    _whole("batch_size", "batch", 1, 65_536),
    _whole("micro_batch_size", "micro_batch", 1, 4096),
    _whole("val_set_size", "val", 0, 1_000_000),
    _whole("seed", "seed", 0, 2**32 - 1),
)

_ALIASES = {"data_path": "data", "output_dir": "output"}
_BY_NAME = {name: option for option in OPTIONS for name in (option.key, option.short)}


def find(name: str) -> Option | None:
    """Return the option called `name`, by its short or its long name, with `-` or `_`."""
    key = folded(name).removeprefix("--").replace("-", "_")
    return _BY_NAME.get(_ALIASES.get(key, key))
