"""Rows as token ids: rendered, cut at the limit, and with the length of their shared preamble.

Prompts are rendered by `trainer.prompts`, so that a model is trained on exactly what it is later
asked. The preamble is the text with which a prompt style starts every prompt. This module does not
know packs or models.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from trainer.data.rows import Row
from trainer.prompts.example import encode_example
from trainer.prompts.prompt import render
from trainer.prompts.templates import Style, Tokenizer, Turn


@dataclass(frozen=True)
class Encoded:
    """A row's token ids: the first `prompt` of them are the question, the rest the answer.

    The first `preamble` of the question's are shared with other rows. Always
    `preamble` <= `prompt` < len(`ids`).
    """

    ids: tuple[int, ...]
    prompt: int
    preamble: int = 0

    @property
    def own(self) -> int:
        """The number of tokens after the preamble."""
        return len(self.ids) - self.preamble


@dataclass(frozen=True)
class EncodedData:
    """Encoded rows; `kept` are their indices in the data, `cut` counts those that lost their end.

    `dropped` counts the rows left out, by reason.
    """

    rows: list[Encoded]
    kept: list[int]
    cut: int
    dropped: Counter[str] = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=list)
    """The tokens of every row before it was cut or dropped."""


def encode_rows(
    style: Style, tokenizer: Tokenizer, rows: Sequence[Row], *, cutoff: int
) -> EncodedData:
    """Encode `rows`, each cut to `cutoff` tokens; a row with no answer left is dropped.

    A row that is cut loses its stop token too, so that the model does not learn to end an answer
    in the middle of a sentence.
    """
    preambles = find_preambles(style, tokenizer)
    encoded: list[Encoded] = []
    kept: list[int] = []
    cut = 0
    dropped: Counter[str] = Counter()
    lengths: list[int] = []
    for index, row in enumerate(rows):
        example = encode_example(
            style,
            tokenizer,
            row.instruction,
            row.input,
            row.output,
            row.thread,
            standing=row.standing,
        )
        lengths.append(len(example.ids))
        if example.prompt_length >= cutoff:
            dropped["whose question alone reaches --cutoff-len"] += 1
            continue
        cut += len(example.ids) > cutoff
        ids = tuple(example.ids[:cutoff])
        encoded.append(
            Encoded(
                ids,
                example.prompt_length,
                _preamble_length(ids, example.prompt_length, preambles),
            )
        )
        kept.append(index)
    return EncodedData(encoded, kept, cut, dropped, lengths)


def encode_answers(
    style: Style,
    tokenizer: Tokenizer,
    questions: Sequence[str],
    answers: Sequence[Sequence[int]],
) -> list[Encoded]:
    """Return the rows of questions without input, and of answers that are token ids already."""
    preambles = find_preambles(style, tokenizer)
    rows = []
    for question, answer in zip(questions, answers, strict=True):
        asked = render(style, tokenizer, question, thinking=False).ids
        ids = (*asked, *answer)
        rows.append(Encoded(ids, len(asked), _preamble_length(ids, len(asked), preambles)))
    return rows


def find_preambles(style: Style, tokenizer: Tokenizer) -> list[tuple[int, ...]]:
    """Return the token ids with which all prompts of `style` start, the longest first.

    Prompts with an input, without one and inside a thread differ in their start. Each preamble is
    found by rendering prompts that differ in everything else.
    """
    thread = (Turn("user", "1"), Turn("assistant", "2"))
    preambles = {
        _common(
            [
                tuple(render(style, tokenizer, text, input, turns).ids)
                for text in ("A b", "あい", "9")
            ]
        )
        for input, turns in (("", ()), ("x", ()), ("", thread))
    }
    return sorted(filter(None, preambles), key=lambda ids: (-len(ids), ids))


def _common(prompts: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the longest common start that is shorter than each of the prompts."""
    first = prompts[0]
    length = 0
    while all(length < len(ids) - 1 and ids[length] == first[length] for ids in prompts):
        length += 1
    return first[:length]


def _preamble_length(
    ids: tuple[int, ...], prompt: int, preambles: Sequence[tuple[int, ...]]
) -> int:
    """Return the length of the first of `preambles` that the row's question starts with, or 0."""
    for preamble in preambles:
        length = len(preamble)
        if length <= prompt and ids[:length] == preamble:
            return length
    return 0
