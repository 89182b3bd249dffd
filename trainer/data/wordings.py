"""Telling Japanese from English, and saying a question in other words: the means of it.

Which words, their users know.
"""

import re
from collections.abc import Iterable
from typing import Literal

_JAPANESE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uff66-\uff9f]")
"""Kana, kanji and the kana of half width."""


def language_of(text: str) -> Literal["ja", "en"]:
    """Return the language of a text: Japanese if it has any Japanese letter."""
    return "ja" if _JAPANESE.search(text) else "en"


def framed(frame: str, question: str) -> str:
    """Return `question` in the place of `{question}` in `frame`."""
    return frame.replace("{question}", question.strip())


def turned(turns: Iterable[tuple[str, str]], question: str) -> list[str]:
    """Return what `question` becomes by each of `turns` whose pattern it has as a whole.

    A turn is a pattern and a template of what says the same.
    """
    return [
        match.expand(turn)
        for pattern, turn in turns
        if (match := re.fullmatch(pattern, question.strip()))
    ]
