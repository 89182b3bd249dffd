"""Which rows are trained on and which are held out to judge the adapter by.

The choice depends on the data, the options and the seed alone, so that a resume makes it again.
This module does not know steps, memory or models.
"""

import math
import random
from collections.abc import Sequence
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
KEPT_WHOLE = 0.95
"""The share of the rows that a cutoff should leave whole."""


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
    on, were cut to the cutoff, and were dropped for which reason, and the cutoff that would keep
    most of them whole.
    """

    train: list[Encoded]
    rows: list[Row]
    """Those of `train`, as they were read."""
    held_out: HeldOut
    facts: dict[str, Any]


def split(
    options: Options,
    data: DataSet,
    style: Style,
    tokenizer: Tokenizer,
    *,
    context: int | None = None,
) -> Split:
    """Encode the rows of `data`, and divide them; `context` is the model's, in tokens.

    Raises:
        DataUnusable: no row is left to train on, or the rows to hold out cannot be read.
    """
    encoded = encode_rows(style, tokenizer, data.rows, cutoff=options.cutoff_len)
    rows = [data.rows[index] for index in encoded.kept]
    dropped = data.dropped + encoded.dropped
    if options.val_data_path:
        held_out = _of_other_data(options, style, tokenizer)
        shared = set(held_out.rows)
        kept = [index for index, row in enumerate(rows) if row not in shared]
        dropped["that are held out"] = len(rows) - len(kept)
    else:
        chosen = _chosen(len(rows), options)
        held_out = HeldOut([rows[i] for i in chosen], [encoded.rows[i] for i in chosen])
        excluded = set(chosen)
        kept = [index for index in range(len(rows)) if index not in excluded]
    train = [encoded.rows[index] for index in kept]
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
        "keeping_cutoff": _keeping_cutoff(encoded.lengths, context),
    }
    return Split(train, [rows[index] for index in kept], held_out, facts)


def _keeping_cutoff(lengths: Sequence[int], context: int | None) -> int | None:
    """Return the fewest tokens at which KEPT_WHOLE of the rows are neither cut nor dropped.

    None where that is more than the model's context.
    """
    fewest = sorted(lengths)[math.ceil(KEPT_WHOLE * len(lengths)) - 1]
    return None if context and fewest > context else fewest


def _chosen(rows: int, options: Options) -> list[int]:
    """Choose rows to hold out by the seed alone; return their indices, ascending."""
    count = min(options.val_set_size or 0, rows // HELD_OUT_DIVISOR)
    return sorted(random.Random(f"{options.seed}/held out").sample(range(rows), count))


def _of_other_data(options: Options, style: Style, tokenizer: Tokenizer) -> HeldOut:
    """Hold out the first rows of `--val-data-path`."""
    data = dataset.read(str(options.val_data_path))
    encoded = encode_rows(style, tokenizer, data.rows, cutoff=options.cutoff_len)
    count = options.val_set_size or 0
    return HeldOut([data.rows[index] for index in encoded.kept[:count]], encoded.rows[:count])
