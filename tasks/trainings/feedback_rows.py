"""The approved rows of feedback as the file that a training learns from.

The file is written once, before the training starts, and read again whenever it is resumed: rows
that are approved meanwhile are for the next one. This module does not know how rows are learned.
"""

from pathlib import Path

from redis import Redis

from tasks.errors import NoFeedback
from tasks.feedback.exam import exam_lines, never_examined
from tasks.feedback.row import FeedbackRow
from tasks.feedback.row_files import write_rows
from tasks.feedback.standing import lines_of
from tasks.feedback.store import Feedback

FILE = "feedback.jsonl"


def rows_file(redis: Redis, home: Path, folder: Path) -> Path:
    """Return the file of approved training rows in `folder`, written where it is not there yet.

    What the exam of `home` asks is not among them.

    Raises:
        NoFeedback: no row is approved for training.
        DataUnusable: the team's exam cannot be read.
        NotWritable: the disk is full or refuses.
        RedisError: the broker is away.
    """
    file = folder / FILE
    if file.exists():
        return file
    rows = rows_to_learn(redis, home)
    if not rows:
        raise NoFeedback(len(Feedback(redis).rows("proposed")))
    write_rows(file, lines_of(redis, rows))
    return file


def rows_to_learn(redis: Redis, home: Path) -> list[FeedbackRow]:
    """Return the approved training rows but for what the exam of `home` asks, one per question.

    Raises:
        DataUnusable: the team's exam cannot be read.
        RedisError: the broker is away.
    """
    return _newest(never_examined(Feedback(redis).training_rows(), exam_lines(redis, home)))


def _newest(rows: list[FeedbackRow]) -> list[FeedbackRow]:
    """Return the row that was approved last for each question: a model can give one answer only."""
    by_question = {row.question: row for row in sorted(rows, key=lambda row: row.decided)}
    return list(by_question.values())
