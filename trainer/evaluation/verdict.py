"""The verdict: is an adapter better than its base model, judged by losses on held-out rows?

Two figures are compared: the loss of the true answers, and the share of that loss which the
question saves, 1 - loss behind its own question / loss behind other rows'. An adapter that has
only learned what answers look like, as from shuffled ones, lowers the loss but not the share; only
an adapter that improves both is called better. (A share and not a difference: as an adapter learns
the language of the answers, all losses shrink, and the nats saved with them.)

Rows whose answer is what the base gives anyway say nothing for an adapter: it cannot answer them
better, and to give the same answers with more certainty is no gain. They say something against it,
where the answers become less likely.

All differences are paired over rows, with bootstrap intervals (Efron 1979). Arithmetic only: this
module knows no model and imports no torch.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

MIN_ROWS = 8
"""The fewest rows that a verdict is based on: a percentile interval of fewer is far too narrow."""
MISMATCHED, MOST_PAIRINGS = 240, 8
"""About so many answers are measured behind other rows' questions, each behind so many at most."""
RESAMPLES = 2000
CONFIDENCE = 0.95

REASONS = {
    "no_rows": "no rows were held out",
    "few_rows": "too few rows were held out to tell",
    "known": "the base gives these answers already",
    "less_likely": "the true answers became less likely",
    "uncertain": "the change is within its uncertainty",
    "question_unused": "but answers do not depend more on their questions than before",
    "likelier": "the true answers became likelier, and depend more on their questions",
}


@dataclass(frozen=True)
class Losses:
    """The summed loss in nats of each held-out row's answer; the lists have one entry per row.

    `own` is behind the row's own question, `other` behind other rows', in the mean. `known` says
    whether the model gives that answer by itself; it may be empty where nobody asks.
    """

    own: list[float]
    other: list[float]
    known: list[bool] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """A difference, after minus before, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """What the held-out rows say about the adapter.

    `verdict` is better, worse, no clear difference or unknown; `reason` is a key of REASONS;
    `summary` is a sentence. `rows` and `tokens` count the held-out rows and their answers' tokens.
    """

    verdict: str
    reason: str
    summary: str
    rows: int
    tokens: int
    before: dict[str, float]
    """`loss` in nats per answer token, `bits_per_byte` of the answers' text, and `question_helps`,
    the share of the loss that the question saves."""
    after: dict[str, float]
    loss: Difference | None
    """In nats per answer token; None without held-out rows, as `question`."""
    question: Difference | None
    """In the share of the answer's loss that the question saves."""

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return asdict(self)


def pairings(rows: int) -> int:
    """Return behind how many other rows' questions each answer of so many rows is measured.

    One other question saves more or less by chance; the fewer rows there are, the more that counts.
    """
    return max(1, min(MOST_PAIRINGS, MISMATCHED // max(1, rows)))


def judge(before: Losses, after: Losses, tokens: Sequence[int], size: int) -> Verdict:
    """Compare two measurements of the same rows.

    `tokens` counts each row's answer tokens, `size` is the length of all answers in bytes.
    """
    rows, total = len(tokens), sum(tokens)
    figures = [_figures(losses, total, size) for losses in (before, after)]
    if rows < 2:
        text = "No rows were held out, so nothing can be said about the adapter."
        return Verdict("unknown", "no_rows", text, rows, total, figures[0], figures[1], None, None)
    loss = _loss_difference(before.own, after.own, tokens)
    question = _share_difference(before, after)
    verdict, reason = _verdict(before, after, tokens, loss)
    summary = (
        f"{verdict.capitalize()}: held-out loss per token {figures[0]['loss']:.4f} → "
        f"{figures[1]['loss']:.4f} ({loss.value:+.4f}, 95 % from {loss.low:+.4f} to "
        f"{loss.high:+.4f}, {rows} rows); {REASONS[reason]}."
    )
    return Verdict(verdict, reason, summary, rows, total, figures[0], figures[1], loss, question)


def _verdict(
    before: Losses, after: Losses, tokens: Sequence[int], loss: Difference
) -> tuple[str, str]:
    """Return the verdict and its reason, a key of REASONS; `loss` is the difference of all rows."""
    if len(tokens) < MIN_ROWS:
        return "no clear difference", "few_rows"
    if loss.low > 0:
        return "worse", "less_likely"
    if loss.high >= 0:
        return "no clear difference", "uncertain"
    known = before.known or [False] * len(tokens)
    new = [index for index, is_known in enumerate(known) if not is_known]
    if len(new) < MIN_ROWS:
        return "no clear difference", "known"
    old_new, new_new = _of(before, new), _of(after, new)
    if _loss_difference(old_new.own, new_new.own, [tokens[i] for i in new]).high >= 0:
        return "no clear difference", "uncertain"
    if _share_difference(old_new, new_new).low <= 0:
        return "no clear difference", "question_unused"
    return "better", "likelier"


def _of(losses: Losses, rows: Sequence[int]) -> Losses:
    return Losses([losses.own[i] for i in rows], [losses.other[i] for i in rows])


def _figures(losses: Losses, tokens: int, size: int) -> dict[str, float]:
    own = sum(losses.own)
    return {
        "loss": own / max(1, tokens),
        "bits_per_byte": own / math.log(2) / max(1, size),
        "question_helps": 1 - own / (sum(losses.other) or 1.0),
    }


def _share_difference(before: Losses, after: Losses) -> Difference:
    """Return how much the share of the loss that the question saves has grown."""

    def share_gained(rows: Sequence[int]) -> float:
        own, other = ([sum(losses[i] for i in rows) for losses in pair] for pair in pairs)
        return own[0] / (other[0] or 1.0) - own[1] / (other[1] or 1.0)

    pairs = (before.own, after.own), (before.other, after.other)
    return _bootstrapped(share_gained, len(before.own))


def _loss_difference(
    before: Sequence[float], after: Sequence[float], tokens: Sequence[int]
) -> Difference:
    """Return the difference of the loss in nats per token."""
    differences = [new - old for old, new in zip(before, after, strict=True)]

    def per_token(rows: Sequence[int]) -> float:
        return sum(differences[i] for i in rows) / sum(tokens[i] for i in rows)

    return _bootstrapped(per_token, len(tokens))


def _bootstrapped(statistic: Callable[[Sequence[int]], float], count: int) -> Difference:
    """Return `statistic` of all `count` rows, with its percentile bootstrap interval."""
    rows = range(count)
    generator = random.Random(0)
    draws = sorted(statistic(generator.choices(rows, k=count)) for _ in range(RESAMPLES))
    tail = int(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Difference(statistic(rows), draws[tail], draws[-tail - 1])
