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
        """Return the mean of both kinds' losses per answer token in nats; one where it is alone."""
        split = len(self.reworded)
        kinds = ((self.reworded, losses[:split]), (self.answered, losses[split:]))
        means = [
            sum(found) / sum(len(row.ids) - row.prompt for row in rows)
            for rows, found in kinds
            if rows
        ]
        return sum(means) / len(means)


def checks_of(
    rows: Sequence[Row], style: Style, tokenizer: Tokenizer, *, cutoff: int
) -> Checks | None:
    """Return the checks of rows that people taught; None where none fits in other words."""
    every = -(-len(rows) // MOST_CHECKED)
    reworded = [in_words(row, check_wording(row.instruction)) for row in rows[::every]]
    encoded = encode_rows(style, tokenizer, reworded, cutoff=cutoff).rows
    return Checks(encoded) if encoded else None
