"""Rows in other words as token ids, and beside their right answers those that were rejected.

This module does not know how words are found, nor when which are learned.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from trainer.corrections.rewordings import rewordings
from trainer.data.encoding import Encoded, encode_rows
from trainer.data.questions import question_key
from trainer.data.rows import Row
from trainer.prompts.templates import Style, Tokenizer


def wordings_of(
    rows: Sequence[Row],
    style: Style,
    tokenizer: Tokenizer,
    *,
    cutoff: int,
    examined: Collection[str] = (),
) -> list[list[Encoded]]:
    """Return each row in all the other words that are trained on, as far as they fit.

    Words that an exam asks in are not: `examined` are its questions' `question_key`s.
    """
    placed = [
        (place, one)
        for place, row in enumerate(rows)
        for one in _in_all_words(row)
        if question_key(one.instruction, one.input) not in examined
    ]
    owners, worded = [place for place, _ in placed], [one for _, one in placed]
    encoded = encode_rows(style, tokenizer, worded, cutoff=cutoff)
    found: list[list[Encoded]] = [[] for _ in rows]
    for index, one in zip(encoded.kept, encoded.rows, strict=True):
        found[owners[index]].append(one)
    return found


def pairs_of(
    rows: Sequence[Row], style: Style, tokenizer: Tokenizer, *, cutoff: int
) -> dict[Encoded, Encoded]:
    """Return the rows with a rejected answer, as asked and in all words trained on, with that one.

    Both sides have the same question, so that both or none fit within `cutoff`.
    """
    right = [
        one
        for row in rows
        if row.rejected.strip() and row.rejected.strip() != row.output.strip()
        for one in (row, *_in_all_words(row))
    ]
    wrong = [replace(one, output=one.rejected) for one in right]
    encoded = [encode_rows(style, tokenizer, side, cutoff=cutoff) for side in (right, wrong)]
    return dict(zip(*(side.rows for side in encoded), strict=True))


def _in_all_words(row: Row) -> list[Row]:
    return [in_words(row, words) for words in rewordings(row.instruction)]


def in_words(row: Row, question: str) -> Row:
    """Return `row` with another question for the same answer."""
    return replace(row, instruction=question)
