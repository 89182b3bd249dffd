"""When two rows ask the same question, however they write it.

A question that was learned cannot be examined, and the other way round: everything that decides
about it compares what `normalised` returns.
"""

import unicodedata


def normalised(instruction: str, input: str) -> str:
    """Return what is the same for one question: width, case and white space do not count."""
    return "\n".join(
        " ".join(unicodedata.normalize("NFKC", part).casefold().split())
        for part in (instruction, input)
    )
