"""When two questions are the same one, however they were typed.

What is in an exam is never trained on, and people type a question with other capitals, widths,
spaces or marks at its end. This module compares texts only, not what they mean.
"""

import unicodedata

_MARKS = "?!.,;:…?!。、．，・"
"""Marks at the end of a text that do not make it another question; after NFKC."""


def question_key(instruction: str, input: str = "") -> str:
    """Return a text that is equal for two questions that people would call the same.

    Width and composition (NFKC), capitals, all white space and marks at the end do not count, nor
    where a question was divided into instruction and input.
    """
    return normalised(f"{instruction}\n{input}")


def normalised(text: str) -> str:
    """Return `text` without differences that people do not see as such; see `question_key`."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(folded.split()).rstrip(_MARKS)
