"""How much a model that reasons first is asked to think: off, on, or at most a number of tokens."""

import re
from typing import Literal, TypeAlias

Thinking: TypeAlias = Literal["off", "on"] | int
"""`off` gives the model an empty thought, `on` lets it think as long as the context allows, and a
number of tokens ends a thought that is so long."""

MOST_TOKENS = 32_768


def read_thinking(word: str) -> Thinking | None:
    """Return what `word` asks for: off, on, or a number from 1 to MOST_TOKENS; None for neither."""
    if word == "off":
        return "off"
    if word == "on":
        return "on"
    number = int(word) if re.fullmatch(r"[1-9][0-9]{0,4}", word) else 0
    return number if 0 < number <= MOST_TOKENS else None
