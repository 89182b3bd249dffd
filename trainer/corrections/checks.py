"""What is measured during a training to find its best point: is it learned, is anything forgotten?

Rows that people taught are asked in words that are not trained on; general questions have the base
model's own answers, which are not replayed. This module knows rows and losses, not models.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from trainer.corrections.in_other_words import in_words
from trainer.corrections.rewordings import check_wording
from trainer.data.encoding import Encoded, encode_rows
from trainer.data.rows import Row
from trainer.prompts.templates import Style, Tokenizer

MOST_CHECKED = 40
"""Of more rows so many, evenly over all of them."""


LEARNED = 0.15
"""Nats a token at which greedy answers are nearly always the taught ones."""


@dataclass(frozen=True)
class Checks:
    """Rows never trained on: taught ones `reworded`, and general questions `answered`."""

    reworded: list[Encoded]
    answered: list[Encoded] = field(default_factory=list)

    @property
    def rows(self) -> list[Encoded]:
        """All rows, in the order in which `loss` takes their losses."""
        return [*self.reworded, *self.answered]

    def loss(self, losses: Sequence[float]) -> float:
        """Return the sum of both kinds' losses per answer token in nats; one where it is alone.

        Beside the other an answer that is LEARNED counts no further: a model goes on to be surer of
        it while it forgets everything else.
        """
        split = len(self.reworded)
        learned = _per_token(self.reworded, losses[:split])
        if not self.answered:
            return learned
        return max(learned, LEARNED) + _per_token(self.answered, losses[split:])


def _per_token(rows: Sequence[Encoded], losses: Sequence[float]) -> float:
    return sum(losses) / sum(len(row.ids) - row.prompt for row in rows)


def checks_of(
    rows: Sequence[Row], style: Style, tokenizer: Tokenizer, *, cutoff: int
) -> Checks | None:
    """Return the checks of rows that people taught; None where none fits in other words."""
    every = -(-len(rows) // MOST_CHECKED)
    reworded = [in_words(row, check_wording(row.instruction)) for row in rows[::every]]
    encoded = encode_rows(style, tokenizer, reworded, cutoff=cutoff).rows
    return Checks(encoded) if encoded else None
