"""What a training learns and measures beside its rows: other words, replayed answers, checks.

This module does not know memory, speeds or models.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from trainer.corrections import replay
from trainer.corrections.checks import Checks, checks_of
from trainer.corrections.in_other_words import pairs_of, wordings_of
from trainer.corrections.recipe import replayed_rows
from trainer.data.rows import Row
from trainer.data.steps import Steps
from trainer.planning.options import Options
from trainer.prompts.templates import Style, Tokenizer


@dataclass(frozen=True)
class Additions:
    """The steps of a training with all that is added to its rows.

    `checks` is None for data that nobody taught, and `questions` are those whose answers are
    replayed; until a model has answered them, the rows for them are placeholders.
    """

    steps: Steps
    checks: Checks | None = None
    questions: tuple[str, ...] = ()


def added(
    steps: Steps,
    rows: Sequence[Row],
    options: Options,
    style: Style,
    tokenizer: Tokenizer,
    *,
    taught: bool,
    examined: Collection[str],
) -> Additions:
    """Add to `steps`, whose rows are `rows`: other words where they are `taught`, and replay.

    Questions that are `examined`, which are `question_key`s, are not replayed, and other words are
    none of them.
    """
    checks = None
    if taught:
        checks = checks_of(rows, style, tokenizer, cutoff=options.cutoff_len)
        cutoff = options.cutoff_len
        wordings = wordings_of(rows, style, tokenizer, cutoff=cutoff, examined=examined)
        pairs = pairs_of(rows, style, tokenizer, cutoff=cutoff) if options.method == "dpo" else {}
        steps = replace(steps, wordings=wordings, rejected=pairs)
    if not options.keep:  # whoever wants nothing kept has nothing measured that is forgotten
        return Additions(steps, checks)
    steps = replace(steps, replayed=replayed_rows(steps.batch_size, options.keep))
    wanted = steps.epochs * steps.replayed_per_epoch
    questions = replay.questions(style, tokenizer, options.cutoff_len, examined, wanted)
    if not questions:
        return Additions(replace(steps, replayed=0), checks)
    empty = replay.unanswered(style, tokenizer, questions, options.cutoff_len)
    return answered(Additions(steps, checks, tuple(questions)), empty)


def answered(additions: Additions, answers: replay.Replay) -> Additions:
    """Return `additions` with the rows of answers in place of others, or of placeholders."""
    steps = replace(additions.steps, replay=answers.rows)
    if not answers.rows:  # all of few are checked
        steps = replace(steps, replayed=0)
    checks = additions.checks
    if checks:
        checks = replace(checks, answered=answers.checks)
    return replace(additions, steps=steps, checks=checks)
