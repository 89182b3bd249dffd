"""Did it help? Held-out response loss and a few answers, base against adapter, and a verdict.

Two things are measured on held-out rows: the loss of the true answer, and the share of it that the
question saves: 1 - loss behind its own question / loss behind another row's. An adapter that merely
learned what answers look like, as from shuffled ones, lowers the loss and not the share; only both
together are called better. (A share, because nats saved shrink with all nats as a language is
learned.) All
differences are paired over rows. This module does not know the loop or where results are kept.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch

from trainer.data.encoding import Encoded
from trainer.data.packing import pack, shares
from trainer.model.loss import packed_rows, token_losses
from trainer.process.ranks import Processes
from trainer.prompts import Style, Tokenizer, render

QUESTIONS = (
    ("日本で一番高い山は何ですか？", ""),
    ("次の文を英語に訳してください。", "今日はとても良い天気です。"),
    (
        "以下のトピックに関する詳細な情報を提供してください",
        "この中でラッパーなのはどれ？エミネム、マイケル・ジャクソン、リアーナ、50セント",
    ),
    ("Name three colours.", ""),
)
ANSWER_TOKENS = 32
RESAMPLES = 2000
CONFIDENCE = 0.95
ALONE = Processes()


REASONS = {
    "no_rows": "no rows were held out",
    "less_likely": "the true answers became less likely",
    "uncertain": "the change is within its uncertainty",
    "question_unused": "but answers do not depend more on their questions than before",
    "likelier": "the true answers became likelier, and depend more on their questions",
}


@dataclass(frozen=True)
class Losses:
    """Summed loss in nats of each held-out row's response: behind its question, and another's."""

    own: list[float]
    other: list[float]


@dataclass(frozen=True)
class Difference:
    """A difference, after minus before, with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """What the held-out rows say; losses are nats per response token.

    `reason` is a key of REASONS.
    """

    verdict: str
    reason: str
    summary: str
    rows: int
    tokens: int
    before: dict[str, float]
    after: dict[str, float]
    loss: Difference | None
    question: Difference | None
    """Difference in the share of the answer's loss that the question saves."""

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain JSON values."""
        return asdict(self)


def mismatched(rows: Sequence[Encoded]) -> list[Encoded]:
    """Return each row's answer behind the question of the next row with the same preamble."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for index, row in enumerate(rows):
        groups.setdefault(row.ids[: row.preamble], []).append(index)
    partner = {
        index: group[(place + 1) % len(group)]
        for group in groups.values()
        for place, index in enumerate(group)
    }
    return [_behind(rows[partner[index]], row) for index, row in enumerate(rows)]


def _behind(question: Encoded, answer: Encoded) -> Encoded:
    ids = question.ids[: question.prompt] + answer.ids[answer.prompt :]
    return Encoded(ids, question.prompt, question.preamble)


def losses(
    model: Any,
    rows: Sequence[Encoded],
    *,
    limit: int,
    share: bool,
    processes: Processes = ALONE,
) -> Losses:
    """Measure `rows` with `model` as it stands; of several processes each does its share."""
    return Losses(
        response_losses(model, rows, limit=limit, share=share, processes=processes),
        response_losses(model, mismatched(rows), limit=limit, share=share, processes=processes),
    )


def response_losses(
    model: Any,
    rows: Sequence[Encoded],
    *,
    limit: int,
    share: bool,
    processes: Processes = ALONE,
) -> list[float]:
    """Return the summed response loss of each row in nats."""
    packs = pack(rows, limit=limit, share=share)
    sums = torch.zeros(len(rows), dtype=torch.float64)
    model.eval()
    with torch.inference_mode(), packed_rows(model):
        for index in shares(packs, processes.count)[processes.rank]:
            each = token_losses(model, packs[index]).double()
            sums.index_add_(0, torch.tensor(packs[index].owners), each)
    if processes.count > 1:
        torch.distributed.all_reduce(sums)
    return [float(value) for value in sums]


def response_tokens(rows: Sequence[Encoded]) -> list[int]:
    """Return the number of response tokens of each row, the stop token included."""
    return [len(row.ids) - row.prompt for row in rows]


def response_bytes(rows: Sequence[Encoded], tokenizer: Tokenizer) -> int:
    """Return the UTF-8 bytes of all responses, as far as they were not cut."""
    texts = (tokenizer.decode(row.ids[row.prompt :], skip_special_tokens=True) for row in rows)
    return sum(len(text.encode()) for text in texts)


def judge(before: Losses, after: Losses, tokens: Sequence[int], size: int) -> Verdict:
    """Compare two measurements of the same rows; `size` is the responses' length in bytes."""
    rows, total = len(tokens), sum(tokens)
    figures = [_figures(one, total, size) for one in (before, after)]
    if rows < 2:
        text = "No rows were held out, so nothing can be said about the adapter."
        return Verdict("unknown", "no_rows", text, rows, total, figures[0], figures[1], None, None)
    loss = _paired(before.own, after.own, tokens)
    question = _share_gained(before, after)
    verdict, reason = _verdict(loss, question)
    summary = (
        f"{verdict.capitalize()}: held-out loss per token {figures[0]['loss']:.4f} → "
        f"{figures[1]['loss']:.4f} ({loss.value:+.4f}, 95 % from {loss.low:+.4f} to "
        f"{loss.high:+.4f}, {rows} rows); {REASONS[reason]}."
    )
    return Verdict(verdict, reason, summary, rows, total, figures[0], figures[1], loss, question)


def _verdict(loss: Difference, question: Difference) -> tuple[str, str]:
    if loss.low > 0:
        return "worse", "less_likely"
    if loss.high >= 0:
        return "no clear difference", "uncertain"
    if question.low <= 0:
        return "no clear difference", "question_unused"
    return "better", "likelier"


def _figures(one: Losses, tokens: int, size: int) -> dict[str, float]:
    own = sum(one.own)
    return {
        "loss": own / max(1, tokens),
        "bits_per_byte": own / math.log(2) / max(1, size),
        "question_helps": 1 - own / (sum(one.other) or 1.0),
    }


def _share_gained(before: Losses, after: Losses) -> Difference:
    """Return how much larger the question's share is after, with its bootstrap interval."""

    def gained(rows: Sequence[int]) -> float:
        own, other = ([sum(part[i] for i in rows) for part in pair] for pair in parts)
        return own[0] / (other[0] or 1.0) - own[1] / (other[1] or 1.0)

    parts = (before.own, after.own), (before.other, after.other)
    rows = range(len(before.own))
    generator = random.Random(0)
    draws = sorted(gained(generator.choices(rows, k=len(rows))) for _ in range(RESAMPLES))
    tail = int(RESAMPLES * (1 - CONFIDENCE) / 2)
    return Difference(gained(rows), draws[tail], draws[-tail - 1])


def _paired(before: Sequence[float], after: Sequence[float], tokens: Sequence[int]) -> Difference:
    """Return the difference per token with its bootstrap interval over rows (Efron 1979)."""
    differences = [new - old for old, new in zip(before, after, strict=True)]
    generator = random.Random(0)
    rows = range(len(tokens))
    draws = []
    for _ in range(RESAMPLES):
        chosen = generator.choices(rows, k=len(tokens))
        draws.append(sum(differences[i] for i in chosen) / sum(tokens[i] for i in chosen))
    draws.sort()
    tail = int(RESAMPLES * (1 - CONFIDENCE) / 2)
    value = sum(differences) / sum(tokens)
    return Difference(value, draws[tail], draws[-tail - 1])


def answers(model: Any, tokenizer: Tokenizer, style: Style) -> list[dict[str, str]]:
    """Answer the fixed questions greedily, in at most ANSWER_TOKENS tokens each."""
    model.eval()
    stops = style.stop_ids(tokenizer)
    result = []
    for instruction, input in QUESTIONS:
        prompt = torch.tensor([render(style, tokenizer, instruction, input).ids])
        with torch.inference_mode():
            ids = model.generate(
                input_ids=prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=ANSWER_TOKENS,
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                eos_token_id=stops,
                pad_token_id=stops[0],
            )
        text = tokenizer.decode(ids[0, prompt.shape[1] :], skip_special_tokens=True)
        for stop in style.stop_texts:
            text = text.partition(stop)[0]
        # The limit may fall into the middle of a character.
        result.append(
            {"instruction": instruction, "input": input, "answer": text.strip().rstrip("\ufffd")}
        )
    return result
