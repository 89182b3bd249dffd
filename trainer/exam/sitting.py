"""The sitting of an exam: the model with its adapter, and without, answer the questions.

A right answer all of whose tokens are the likeliest ones is the greedy answer, so that most answers
are known from one pass over them; only the others are generated. This module does not know where
questions come from, nor what their results mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.data.encoding import Encoded, encode_rows
from trainer.data.rows import Row
from trainer.evaluation.greedy_answers import Question, greedy_answers
from trainer.evaluation.measure import SINGLE_PROCESS, response_scores
from trainer.exam.paper import ExamRow, Paper
from trainer.exam.result import ExamResult, Side
from trainer.exam.rewordings import NEEDED, rewordings
from trainer.exam.same_answer import says_the_same
from trainer.process.ranks import Processes
from trainer.prompts.templates import Style, Tokenizer

TOLERANCE = 0.02
"""How many nats a token a right answer may lose and still count as no less likely. Writing the
weights in 4 bits, as they answer here, costs about as much (perplexity of Llama-2-7B 5.795 in f16,
5.906 in Q4_0), and nobody tells the answers apart."""
MOST_SIDES = 12
"""Questions that are shown with the answers of base and adapter, at most half of them
corrections while there are others."""
CUTOFF = 1024
"""Tokens of a question with its right answer; longer ones are not asked."""
MORE_TOKENS = 24
"""An answer may be so many tokens longer than the right one."""
MOST_TOKENS = 160


@dataclass(frozen=True)
class _Sheet:
    """A question with its right answer as tokens; `row` is the row that it asks."""

    row: ExamRow
    instruction: str
    encoded: Encoded

    @property
    def tokens(self) -> int:
        """The tokens of the right answer, the stop token included."""
        return len(self.encoded.ids) - self.encoded.prompt

    @property
    def question(self) -> Question:
        """The question, to be answered."""
        most = min(MOST_TOKENS, self.tokens + MORE_TOKENS)
        return Question(self.instruction, self.row.input, most, self.row.standing)


@dataclass(frozen=True)
class Candidate:
    """The model that sits the exam: `model` carries the adapter, which can be disabled.

    `limit` and `share` are those of the training's packs.
    """

    model: Any
    tokenizer: Tokenizer
    style: Style
    limit: int
    share: bool
    processes: Processes = SINGLE_PROCESS

    def scores(self, sheets: Sequence[_Sheet]) -> list[tuple[float, bool]]:
        """Return each right answer's loss in nats a token, and whether it is the greedy answer."""
        rows = [sheet.encoded for sheet in sheets]
        losses, hits = response_scores(
            self.model, rows, limit=self.limit, share=self.share, processes=self.processes
        )
        return [
            (loss / sheet.tokens, hit == sheet.tokens)
            for loss, hit, sheet in zip(losses, hits, sheets, strict=True)
        ]

    def answers(self, sheets: Sequence[_Sheet], greedy: Sequence[bool]) -> list[str]:
        """Return the answer to each; where `greedy` it is the right one. In the first process."""
        missing = [sheet for sheet, known in zip(sheets, greedy, strict=True) if not known]
        asked = [sheet.question for sheet in missing]
        given = iter(greedy_answers(self.model, self.tokenizer, self.style, asked))
        return [
            sheet.row.output if known else next(given)
            for sheet, known in zip(sheets, greedy, strict=True)
        ]


def sit(candidate: Candidate, paper: Paper) -> ExamResult:
    """Let the candidate, with and without its adapter, sit the exam; all processes must call it."""
    corrections, others = _sheets(candidate, paper.corrections), _sheets(candidate, paper.others)
    reworded = [sheet for one in corrections for sheet in _reworded(candidate, one)]
    sheets = [*corrections, *reworded, *others]
    after = candidate.scores(sheets)
    with candidate.model.disable_adapter():
        before = candidate.scores([*corrections, *others])
    result = None
    if candidate.processes.first:
        result = _marked(candidate, (corrections, reworded, others), before, after)
    agreed = candidate.processes.agree(result)
    assert agreed is not None
    return agreed


def _sheets(candidate: Candidate, rows: Sequence[ExamRow]) -> list[_Sheet]:
    """Return the sheets of `rows` that are not too long to be asked."""
    return [sheet for row in rows for sheet in _encoded(candidate, row, [row.instruction])]


def _reworded(candidate: Candidate, sheet: _Sheet) -> list[_Sheet]:
    return _encoded(candidate, sheet.row, rewordings(sheet.row.instruction))


def _encoded(candidate: Candidate, row: ExamRow, instructions: Sequence[str]) -> list[_Sheet]:
    rows = [
        Row(instruction, row.input, row.output, standing=row.standing)
        for instruction in instructions
    ]
    data = encode_rows(candidate.style, candidate.tokenizer, rows, cutoff=CUTOFF)
    return [
        _Sheet(row, instructions[index], encoded)
        for index, encoded in zip(data.kept, data.rows, strict=True)
    ]


def _marked(
    candidate: Candidate,
    asked: tuple[list[_Sheet], list[_Sheet], list[_Sheet]],
    before: list[tuple[float, bool]],
    after: list[tuple[float, bool]],
) -> ExamResult:
    corrections, reworded, others = asked
    count = len(corrections)
    taught = [*corrections, *reworded]
    given = candidate.answers(taught, [greedy for _, greedy in after[: len(taught)]])
    right = [
        says_the_same(answer, sheet.row.output, sheet.row.rejected)
        for answer, sheet in zip(given, taught, strict=True)
    ]
    learned = right[:count]
    in_other_words = [
        mine and sum(_of(sheet.row, reworded, right[count:])) >= NEEDED
        for mine, sheet in zip(learned, corrections, strict=True)
    ]
    base, adapter = before[count:], after[len(taught) :]
    kept = [new[0] <= old[0] + TOLERANCE or new[1] for old, new in zip(base, adapter, strict=True)]
    answered = _answers_of_others(candidate, others, base, adapter, kept)
    kept = [
        one or (index in answered and says_the_same(answered[index][1], answered[index][0]))
        for index, one in enumerate(kept)
    ]
    shown = _shown_corrections(candidate, corrections, before, given, learned, bool(others))
    of_others = [_side(others[index], *pair, kept[index]) for index, pair in answered.items()]
    sides = [*shown, *sorted(of_others, key=lambda side: side.passed)]
    return ExamResult(
        corrections=count,
        learned=sum(learned),
        reworded=sum(in_other_words),
        others=len(others),
        unchanged=sum(kept),
        sides=sides[:MOST_SIDES],
        rows=[sheet.row.id for sheet in others if sheet.row.id],
    )


def _of(row: ExamRow, sheets: Sequence[_Sheet], values: Sequence[bool]) -> list[bool]:
    return [value for sheet, value in zip(sheets, values, strict=True) if sheet.row is row]


def _answers_of_others(
    candidate: Candidate,
    others: Sequence[_Sheet],
    base: Sequence[tuple[float, bool]],
    adapter: Sequence[tuple[float, bool]],
    kept: Sequence[bool],
) -> dict[int, tuple[str, str]]:
    """Return the answers of base and adapter by the number of the question.

    Asked are those whose right answer became less likely, and so many more that enough are shown;
    those that became worse come first.
    """
    order = sorted(range(len(others)), key=lambda index: kept[index])
    worse = len(others) - sum(kept)
    chosen = order[: max(worse, MOST_SIDES)]
    sheets = [others[index] for index in chosen]
    new = candidate.answers(sheets, [adapter[index][1] for index in chosen])
    with candidate.model.disable_adapter():
        old = candidate.answers(sheets, [base[index][1] for index in chosen])
    return dict(zip(chosen, zip(old, new, strict=True), strict=True))


def _shown_corrections(
    candidate: Candidate,
    corrections: Sequence[_Sheet],
    before: Sequence[tuple[float, bool]],
    given: Sequence[str],
    learned: Sequence[bool],
    beside_others: bool,
) -> list[Side]:
    count = min(len(corrections), MOST_SIDES // 2 if beside_others else MOST_SIDES)
    shown = corrections[:count]
    with candidate.model.disable_adapter():
        old = candidate.answers(shown, [greedy for _, greedy in before[:count]])
    return [
        _side(sheet, base, adapter, passed)
        for sheet, base, adapter, passed in zip(
            shown, old, given[:count], learned[:count], strict=True
        )
    ]


def _side(sheet: _Sheet, base: str, adapter: str, passed: bool) -> Side:
    row = sheet.row
    return Side(
        row.instruction, row.input, row.output, base, adapter, passed, kind=row.kind, id=row.id
    )
