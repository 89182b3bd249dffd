"""What an adapter is examined on: approved rows, such as liked answers, and a file of the team's.

Here is the one rule that keeps these rows out of every training: what an exam asks is not learned,
however it is typed, and whatever came first. The trainer holds it too, for the files it is given.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from redis import Redis

from tasks.feedback.row import FeedbackRow
from tasks.feedback.row_files import write_rows
from tasks.feedback.standing import lines_of
from tasks.feedback.store import Feedback
from trainer.data.questions import question_key
from trainer.exam.paper import ExamRow, read_exam

FILE = "exam.jsonl"
"""The team's file in `datasets/` of the home, and the file of a training in its folder."""


def exam_file(redis: Redis | None, home: Path, folder: Path) -> Path | None:
    """Return the file of exam rows in `folder`, written where it is not there yet; None where there
    are none. Without a broker the team's file is all there is.

    Raises:
        DataUnusable: the team's file cannot be read as rows.
        NotWritable: the disk is full or refuses.
        RedisError: the broker is away.
    """
    file = folder / FILE
    if file.exists():
        return file
    lines = exam_lines(redis, home)
    if not lines:
        return None
    write_rows(file, lines)
    return file


def exam_lines(redis: Redis | None, home: Path) -> list[dict[str, str]]:
    """Return all exam rows as lines of a file; of two that ask the same the approved one counts.

    Raises:
        DataUnusable: the team's file cannot be read as rows.
        RedisError: the broker is away.
    """
    approved = [] if redis is None else Feedback(redis).exam_rows()
    asked = {question_key(row.instruction, row.input) for row in approved}
    own = [_line(row) for row in _team_rows(home) if row.question not in asked]
    return [*lines_of(redis, approved), *own]


def never_examined(
    rows: Iterable[FeedbackRow], exam: Collection[dict[str, str]]
) -> list[FeedbackRow]:
    """Return the `rows` that may be learned: those that ask nothing that a line of `exam` asks."""
    asked = {question_key(line["instruction"], line["input"]) for line in exam}
    return [row for row in rows if question_key(row.instruction, row.input) not in asked]


def _team_rows(home: Path) -> list[ExamRow]:
    file = home / "datasets" / FILE
    # As for other data sets, what a link leads to is not the home's.
    return read_exam(str(file)) if file.is_file() and not file.is_symlink() else []


def _line(row: ExamRow) -> dict[str, str]:
    line = {"instruction": row.instruction, "input": row.input, "output": row.output}
    named = {"id": row.id, "kind": row.kind, "rejected": row.rejected}
    return {**line, **{key: value for key, value in named.items() if value}}
