"""Whether an answer says what the right one says, as a person would judge it. Pure.

People do not ask for the very same characters: capitals, width, spaces and a full stop do not
count, and a short answer may stand in a sentence. They do ask for the same numbers, and that the
answer is nearer to the right one than to the one they found wrong.
"""

import re
from collections import Counter
from itertools import pairwise

from trainer.data.questions import normalised

SHORT = 40
"""Up to so many characters a right answer may stand inside a sentence…"""
SENTENCE = 80
"""…that is at most so many characters longer."""
LIKENESS = 0.9
"""How much of longer answers must be the same. In 60 characters one changed word stays above it,
which is why numbers and the rejected answer are looked at too."""

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W_ぁ-ゟ゠-ヿ㐀-鿿]")
_NUMERIC = re.compile(r"[0-9.,]")


def says_the_same(answer: str, right: str, rejected: str = "") -> bool:
    """Tell whether `answer` says what `right` says, and not what `rejected` says."""
    given, wanted, wrong = normalised(answer), normalised(right), normalised(rejected)
    if given == wanted:
        return True
    if not given or not wanted or given == wrong:
        return False
    if len(wanted) <= SHORT and len(given) <= len(wanted) + SENTENCE:
        both = bool(wrong) and wrong not in wanted and _stands_in(answer, rejected)
        return _stands_in(answer, right) and not both
    numbers = [Counter(_NUMBER.findall(text)) for text in (given, wanted)]
    likeness = _likeness(given, wanted)
    return (
        numbers[0] == numbers[1]
        and likeness >= LIKENESS
        and not (wrong and _likeness(given, wrong) >= likeness)
    )


def _stands_in(answer: str, part: str) -> bool:
    """Tell whether `part` stands in `answer` as whole words and numbers.

    `art` does not stand in `start`, nor `5` in `1.5`.
    """
    text, part = (" ".join(normalised(word) for word in one.split()) for one in (answer, part))
    part = part.strip()
    for match in re.finditer(re.escape(part), text):
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        if not _joined(before, part[:1]) and not _joined(part[-1:], after):
            return True
    return False


def _joined(left: str, right: str) -> bool:
    """Tell whether two neighbouring characters are inside one word or number."""
    if not left or not right:
        return False
    numbers = _NUMERIC.match(left) and _NUMERIC.match(right)
    return bool(numbers or (_WORD.match(left) and _WORD.match(right)))


def _likeness(one: str, other: str) -> float:
    """Return the share of pairs of neighbouring characters that two texts have in common (Dice)."""
    pairs = [Counter(pairwise(text)) for text in (one, other)]
    total = pairs[0].total() + pairs[1].total()
    return 2 * (pairs[0] & pairs[1]).total() / total if total else 0.0
