"""A row that somebody proposed: what was asked, what the answer should be, and who said so.

A row that cannot be used is never made: it has an author, a question and an answer, each of a
length that can be kept. This module knows neither the broker nor Slack.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from tasks.errors import FeedbackRefused
from trainer.data.questions import question_key

RowKind = Literal["correction", "taught", "liked", "typed", "imported"]
"""How a row came about: an answer was corrected, a person's message taught, an answer liked, or the
row was typed or imported at the terminal."""
RowState = Literal["proposed", "approved"]
Use = Literal["training", "exam", ""]
"""What an approved row is for; empty before."""

MOST_BYTES = 32 * 1024
"""The longest instruction, input or output, in bytes of UTF-8."""
MOST_NAME = 64
"""The longest id, and the longest name of a person, channel or job, in characters."""

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_TEXTS = ("instruction", "input", "output", "rejected")
_NAMES = ("id", "author", "approver", "channel", "job")


@dataclass(frozen=True, kw_only=True)
class FeedbackRow:
    """One row; `created` and `decided` are milliseconds since the epoch by the broker's clock, 0
    where it has not happened yet.

    Raises:
        FeedbackRefused: no author, question or answer, or a text that is too long.
    """

    id: str
    kind: RowKind
    instruction: str
    input: str
    output: str
    author: str
    """A Slack user id, or `operator:<name>` for who typed or imported it."""
    rejected: str = ""
    """The answer that was wrong, where one was given."""
    state: RowState = "proposed"
    use: Use = ""
    approver: str = ""
    channel: str = ""
    job: str = ""
    """The job whose answer it is about."""
    others: tuple[str, ...] = ()
    """People besides the author whose words it holds."""
    created: int = 0
    decided: int = 0

    def __post_init__(self) -> None:
        for name in _TEXTS:
            object.__setattr__(self, name, clean(getattr(self, name)))
        for name in _NAMES:
            if len(getattr(self, name)) > MOST_NAME:
                raise FeedbackRefused("name_too_long", field=name, most=MOST_NAME)
        if not self.id or not self.author.strip():
            raise FeedbackRefused("no_author")
        if self.kind not in get_args(RowKind):
            raise FeedbackRefused("kind", field=str(self.kind))
        for name in ("instruction", "output"):
            if not getattr(self, name):
                raise FeedbackRefused("empty", field=name)
        for name in _TEXTS:
            if len(getattr(self, name).encode()) > MOST_BYTES:
                raise FeedbackRefused("too_long", field=name, most=MOST_BYTES)

    @property
    def question(self) -> str:
        """A digest of `question_key`: rows with the same one have the same use."""
        return digest(question_key(self.instruction, self.input))

    @property
    def version(self) -> str:
        """A digest of its texts: an author may write a proposed row anew while it is looked at."""
        return digest("\0".join(getattr(self, name) for name in _TEXTS))

    @property
    def seen(self) -> str:
        """The row as somebody sees it now, for a decision about this version and no other."""
        return f"{self.id}:{self.version}"

    def line(self, standing: str = "") -> dict[str, str]:
        """Return the row as a line of a training's or an exam's file.

        `standing` is the instruction that holds for every question where it was asked.
        """
        found = {
            "id": self.id,
            "kind": self.kind,
            "instruction": self.instruction,
            "input": self.input,
            "output": self.output,
        }
        more = {"rejected": self.rejected, "standing": standing}
        return {**found, **{name: text for name, text in more.items() if text}}


def row_id(*parts: str) -> str:
    """Return the id of what `parts` name, such as a job, a person and a kind: always the same."""
    return digest("/".join(parts))


def digest(text: str) -> str:
    """Return 16 hexadecimal digits that stand for `text`."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def clean(text: str) -> str:
    """Return `text` with line feeds alone between lines, nothing around it, and no half characters.

    A JSON escape may stand for half of a surrogate pair, which nothing can encode. What nobody sees
    who approves a row is not in it: control characters, those of no width, and those that show a
    line in another order than it has.
    """
    plain = _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return plain.encode("utf-8", "replace").decode("utf-8")


def to_fields(row: FeedbackRow) -> dict[str, str]:
    """Encode a row as the fields of its record."""
    values = {field.name: getattr(row, field.name) for field in fields(row)}
    stored = {name: str(value) for name, value in values.items()}
    known = {"question": row.question, "version": row.version}
    return {**stored, "others": " ".join(row.others), **known}


def read_row(found: Mapping[str, str]) -> FeedbackRow:
    """Decode a record; fields that a later version has written are left out."""
    known: dict[str, Any] = {
        field.name: found[field.name] for field in fields(FeedbackRow) if field.name in found
    }
    known["others"] = tuple(found.get("others", "").split())
    for name in ("created", "decided"):
        known[name] = int(found.get(name, 0))
    return FeedbackRow(**known)
