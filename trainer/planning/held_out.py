"""Which rows are trained on and which are held out to judge the adapter by.

The choice depends on the data, the options and the seed alone, so that a resume makes it again.
This module does not know steps, memory or models.
"""

import random
from dataclasses import dataclass
from typing import Any

from trainer.data import dataset
from trainer.data.dataset import DataSet
from trainer.data.encoding import Encoded, encode_rows
from trainer.data.rows import Row
from trainer.errors import DataUnusable
from trainer.planning.options import Options
from trainer.prompts.templates import Style, Tokenizer

HELD_OUT_DIVISOR = 8
"""At most one row in so many is held out."""


@dataclass(frozen=True)
class HeldOut:
    """Rows never trained on; `encoded[i]` is `rows[i]`."""

    rows: list[Row]
    encoded: list[Encoded]

    @property
    def tokens(self) -> int:
        """The tokens of all rows, prompts included."""
        return sum(len(row.ids) for row in self.encoded)


@dataclass(frozen=True)
class Split:
    """The rows to train on, in the order of the data, and those held out.

    `facts` are plain JSON values: the data's name and digest, how many rows were read, are trained
    on, were cut to the cutoff, and were dropped for which reason.
    """

    train: list[Encoded]
    held_out: HeldOut
    facts: dict[str, Any]


def split(options: Options, data: DataSet, style: Style, tokenizer: Tokenizer) -> Split:
    """Encode the rows of `data`, and divide them.

    Raises:
        DataUnusable: no row is left to train on, or the rows to hold out cannot be read.
    """
    encoded = encode_rows(style, tokenizer, data.rows, cutoff=options.cutoff_len)
    rows = [data.rows[index] for index in encoded.kept]
    dropped = data.dropped + encoded.dropped
    if options.val_data_path:
        held_out = _of_other_data(options, style, tokenizer)
        shared = set(held_out.rows)
        train = [one for row, one in zip(rows, encoded.rows, strict=True) if row not in shared]
        dropped["that are held out"] = len(rows) - len(train)
    else:
        chosen = _chosen(len(rows), options)
        held_out = HeldOut([rows[i] for i in chosen], [encoded.rows[i] for i in chosen])
        excluded = set(chosen)
        train = [one for index, one in enumerate(encoded.rows) if index not in excluded]
    reasons = {reason: count for reason, count in dropped.items() if count}
    if not train:
        raise DataUnusable(
            f"None of the {data.read} rows of {options.data_path!r} is left to train on: "
            + ", ".join(f"{count} {reason}" for reason, count in reasons.items())
            + "."
        )
    facts = {
        "data": data.name,
        "data_digest": data.digest,
        "read": data.read,
        "rows": len(train),
        "dropped": sum(reasons.values()),
        "dropped_reasons": reasons,
        "cut": encoded.cut,
    }
    return Split(train, held_out, facts)


def _chosen(rows: int, options: Options) -> list[int]:
    """Choose rows to hold out by the seed alone; return their indices, ascending."""
    count = min(options.val_set_size, rows // HELD_OUT_DIVISOR)
    return sorted(random.Random(f"{options.seed}/held out").sample(range(rows), count))


def _of_other_data(options: Options, style: Style, tokenizer: Tokenizer) -> HeldOut:
    """Hold out the first rows of `--val-data-path`."""
    data = dataset.read(str(options.val_data_path))
    encoded = encode_rows(style, tokenizer, data.rows, cutoff=options.cutoff_len)
    count = options.val_set_size
    return HeldOut([data.rows[index] for index in encoded.kept[:count]], encoded.rows[:count])
