"""The options that a question begins with, checked: `max=512 temp=0.2 adapter=faq think=off`."""

import re
from collections.abc import Mapping
from typing import Any

from bot.bot import Bot
from bot.errors import CannotAnswer
from bot.slack.command_words import SHOWN_CHARACTERS, folded
from tasks.adapters.reference import reference
from tasks.settings import MOST_NEW_TOKENS
from trainer.errors import AdapterRefused, NotWritable
from trainer.prompts.thinking import MOST_TOKENS, read_thinking

MOST_TEMPERATURE = 2.0
NO_ADAPTER = ("off", "none", "なし")
SHOWN_ADAPTERS = 10


def sampling_of(options: Mapping[str, str]) -> dict[str, Any]:
    """Return what the options say about the answer, as fields of a request.

    Raises:
        CannotAnswer: a value cannot be read.
    """
    request: dict[str, Any] = {}
    if "max" in options:
        number = folded(options["max"])
        tokens = int(number) if re.fullmatch(r"[0-9]{1,4}", number) else 0
        if not 0 < tokens <= MOST_NEW_TOKENS:
            raise CannotAnswer("max", value=_shown(options["max"]), most=MOST_NEW_TOKENS)
        request["max_new_tokens"] = tokens
    if "temp" in options:
        number = folded(options["temp"])
        if not re.fullmatch(r"[0-9](\.[0-9]{1,3})?", number) or float(number) > MOST_TEMPERATURE:
            raise CannotAnswer("temp", value=_shown(options["temp"]), most=f"{MOST_TEMPERATURE:g}")
        request["temperature"] = float(number)
    if "think" in options:
        thinking = read_thinking(folded(options["think"]))
        if thinking is None:
            raise CannotAnswer("think", value=_shown(options["think"]), most=MOST_TOKENS)
        request["thinking"] = thinking
    return request


def adapter_in(bot: Bot, options: Mapping[str, str]) -> str | None:
    """Return the reference of the adapter that the options name; None where they name none.

    Called off the event loop. Raises:
        CannotAnswer: there is no such adapter, or it cannot be used with the model.
        RedisError: the broker is away.
    """
    if "adapter" not in options:
        return None
    name = options["adapter"]
    if folded(name) in NO_ADAPTER:
        return ""
    known = [listed.name for listed in bot.registry.all() if not listed.problem]
    if name not in known:
        if not known:
            raise CannotAnswer("no_adapters", value=_shown(name))
        shown = "、".join(known[:SHOWN_ADAPTERS])
        raise CannotAnswer("no_adapter", value=_shown(name), known=shown)
    try:
        return reference(bot.registry.offer(name))
    except (AdapterRefused, NotWritable):
        raise CannotAnswer("adapter_unfit", value=_shown(name)) from None


def _shown(word: str) -> str:
    """Return a wrong value for the reply, which is escaped with its sentence."""
    return word.replace("`", "'")[:SHOWN_CHARACTERS]
