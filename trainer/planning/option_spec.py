"""What is said about one option: its default, bounds, help, and its name in a chat command.

`Options` is the table of all options: each of its fields is made by `option`, and everything that
reads, checks or offers options is derived from `specs`. This module does not know which options
there are, nor the command line.
"""

import math
from dataclasses import dataclass, field, fields, replace
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from trainer.errors import OptionInvalid


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """An interval of numbers; with `above` or `below` that end itself is excluded.

    Without an upper end every finite number from the lower one on is inside.
    """

    least: float
    most: float = math.inf
    above: bool = False
    below: bool = False

    def __contains__(self, value: float) -> bool:
        excluded = (self.above and value == self.least) or (self.below and value == self.most)
        return self.least <= value <= self.most and math.isfinite(value) and not excluded

    def __str__(self) -> str:
        if self.most == math.inf:
            return f"above {self.least}" if self.above else f"{self.least} or more"
        if self.above:
            return f"above {self.least} and {'below' if self.below else 'at most'} {self.most}"
        return f"from {self.least} to {'below ' if self.below else ''}{self.most}"


@dataclass(frozen=True, kw_only=True)
class OptionSpec:
    """One option of a training."""

    name: str
    """The field of `Options`, and the key in `options.json` and in a request for a training."""
    kind: type
    """int, float, bool, str, or tuple for several strings."""
    default: Any
    """None: decided when the training starts, from the model, the data or the machine."""
    help: str = ""
    bounds: Bounds | None = None
    choices: tuple[str, ...] = ()
    """The values there are; for a tuple, its possible members."""
    chat_name: str | None = None
    """The name in a chat command; None where the option cannot be set there."""
    chat_most: int | None = None
    """The largest value in a chat command, where a typing error must not take the host for weeks;
    only where `bounds` has no upper end."""

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def chat_bounds(self) -> Bounds:
        """The bounds of a number in a chat command."""
        assert self.bounds is not None
        return replace(self.bounds, most=self.chat_most) if self.chat_most else self.bounds

    def check(self, value: Any) -> None:
        """Refuse a value that cannot work.

        Raises:
            OptionInvalid: names the flag, the value, and what is possible.
        """
        if value is None and self.default is None:
            return
        if not self._is_possible(value):
            shown = ",".join(value) if isinstance(value, tuple) else repr(value)
            raise OptionInvalid(f"{self.flag} is {shown}, but it must be {self._possible()}.")

    def _is_possible(self, value: Any) -> bool:
        if self.bounds is not None:
            return value in self.bounds
        if self.choices and self.kind is tuple:
            return bool(value) and set(value) <= set(self.choices) and len(set(value)) == len(value)
        return not self.choices or value in self.choices

    def _possible(self) -> str:
        if self.bounds is not None:
            return str(self.bounds)
        if self.kind is tuple:
            return f"some of {','.join(self.choices)}"
        return f"one of {', '.join(self.choices)}"


def option(default: Any, **details: Any) -> Any:
    """Return a dataclass field with this default; `details` are fields of `OptionSpec`."""
    return field(default=default, metadata=details)


def specs(options: type) -> tuple[OptionSpec, ...]:
    """Return the options that the fields of the dataclass `options` describe, in their order."""
    hints = get_type_hints(options)
    return tuple(
        OptionSpec(name=one.name, kind=_kind(hints[one.name]), default=one.default, **one.metadata)
        for one in fields(options)
    )


def _kind(hint: Any) -> type:
    """Return the type of a value: `int` of `int | None`, `tuple` of `tuple[str, ...]`."""
    union = get_origin(hint) is not tuple
    kinds = [kind for kind in (union and get_args(hint)) or (hint,) if kind is not NoneType]
    assert len(kinds) == 1
    kind: type = get_origin(kinds[0]) or kinds[0]
    return kind
