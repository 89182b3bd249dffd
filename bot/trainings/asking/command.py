"""The words of `/swallow-train`: parses its text into a command."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.slack.command_words import Help, Wrong, folded, split
from bot.trainings.asking.options import Value, find
from trainer.adapters.names import is_adapter_name


@dataclass(frozen=True)
class Start:
    """Make the plan of a training; the keys of `options` are the trainer's names."""

    options: Mapping[str, Value]


@dataclass(frozen=True)
class Ask:
    """Open the form that asks for a training."""


@dataclass(frozen=True)
class ShowStatus:
    """List the trainings that run, that wait, and that can be resumed."""


@dataclass(frozen=True)
class Cancel:
    """Cancel a training; without an id the only one."""

    id: str = ""


@dataclass(frozen=True)
class Resume:
    """Resume a training; without an id the newest."""

    id: str = ""


TrainCommand = Start | Ask | ShowStatus | Cancel | Resume | Help


def parse(text: str) -> TrainCommand | Wrong:
    """Return the command in `text`, or what is wrong with it.

    An empty text asks for the form.
    """
    words = split(text)
    if not words:
        return Ask()
    verb, rest = folded(words[0]), words[1:]
    if verb in ("help", "status"):
        if rest:
            return Wrong("train", "extra", {"verb": verb, "word": rest[0]})
        return Help() if verb == "help" else ShowStatus()
    if verb in ("cancel", "resume"):
        return _with_id(verb, rest)
    return _options(words)


def _with_id(verb: str, rest: Sequence[str]) -> TrainCommand | Wrong:
    if len(rest) > 1:
        return Wrong("train", "extra", {"verb": verb, "word": rest[1]})
    id = rest[0] if rest else ""
    if id and not is_adapter_name(id):  # a training's folder is named by the same rule
        return Wrong("train", "id", {"word": id})
    return Cancel(id) if verb == "cancel" else Resume(id)


def _options(words: Sequence[str]) -> Start | Wrong:
    options: dict[str, Value] = {}
    for word in words:
        name, equals, typed = word.partition("=")
        option = find(name) if equals else None
        if option is None:
            if equals:
                return Wrong("train", "option", {"option": name})
            return Wrong("train", "unknown", {"word": word})
        if option.key in options:
            return Wrong("train", "twice", {"option": option.short})
        value = option.read(typed)
        if isinstance(value, Wrong):
            return value
        options[option.key] = value
    return Start(options)
