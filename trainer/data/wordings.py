"""Saying a question in other words: the means of it. Which words, their users know.

Knows Japanese and English.
"""

import re
from collections.abc import Iterable
from typing import Literal

_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")


def language_of(question: str) -> Literal["ja", "en"]:
    """Return the language in which `question` is put into other words."""
    return "ja" if _JAPANESE.search(question) else "en"


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
