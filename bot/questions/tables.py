"""Tables in a model's Markdown, as Slack shows them: its table block, or columns of equal width.

Slack's own text has no tables. A message may hold one table block of 100 rows and 20 columns; where
there is none the columns are aligned in a code block. Pure functions; nothing is escaped here.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

MOST_ROWS = 100
MOST_COLUMNS = 20

Align = str
"""`left`, `center` or `right`."""

_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Table:
    """The cells of a table, the head first, in rows of equal length, and the columns' alignment."""

    rows: tuple[tuple[str, ...], ...]
    aligned: tuple[Align, ...]

    @property
    def fits_block(self) -> bool:
        """Whether Slack's table block holds it."""
        return len(self.rows) <= MOST_ROWS and len(self.aligned) <= MOST_COLUMNS

    def block(self) -> dict[str, Any]:
        """Return Slack's block of the table; its cells are raw text."""
        return {
            "type": "table",
            "block_id": "table",
            "rows": [[_cell(text) for text in row] for row in self.rows],
            "column_settings": [{"align": align, "is_wrapped": True} for align in self.aligned],
        }

    def as_code(self) -> str:
        """Return the table as a code block whose columns have equal widths."""
        widths = [max(map(_width, column)) for column in zip(*self.rows, strict=True)]
        lines = ["  ".join(map(_padded, row, widths, self.aligned)).rstrip() for row in self.rows]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "```\n" + "\n".join(lines).replace("`", "'") + "\n```"


def parts(text: str) -> Iterator[str | Table]:
    """Return a text in its parts: tables, and what stands between them. Code is not touched."""
    lines = text.split("\n")
    kept: list[str] = []
    at, in_code = 0, False
    while at < len(lines):
        end = at if in_code else _table_end(lines, at)
        if end > at:
            if kept:
                yield "\n".join(kept)
            yield _table(lines[at:end])
            kept, at = [], end
            continue
        in_code ^= lines[at].count("```") % 2 == 1
        kept.append(lines[at])
        at += 1
    if kept:
        yield "\n".join(kept)


def with_code(text: str) -> str:
    """Return a text with its tables as code blocks."""
    return "\n".join(part if isinstance(part, str) else part.as_code() for part in parts(text))


def _table_end(lines: Sequence[str], start: int) -> int:
    """Return the line behind the table that begins at `start`, which is `start` where none does."""
    if start + 1 >= len(lines) or "|" not in lines[start]:
        return start
    head, rule = _cells_of(lines[start]), _cells_of(lines[start + 1])
    if len(head) != len(rule) or "|" not in lines[start + 1] or not all(map(_is_rule, rule)):
        return start
    end = start + 2
    while end < len(lines) and "|" in lines[end] and "```" not in lines[end]:
        end += 1
    return end


def _table(lines: Sequence[str]) -> Table:
    head, rule, *body = map(_cells_of, lines)
    rows = [head, *(_of_length(row, len(head)) for row in body)]
    plain = tuple(tuple(cell.replace("**", "").replace("`", "") for cell in row) for row in rows)
    return Table(plain, tuple(map(_aligned, rule)))


def _of_length(row: list[str], length: int) -> list[str]:
    """Return a row with as many cells as the head; the last one takes what would be too many."""
    if len(row) > length:
        return [*row[: length - 1], " | ".join(row[length - 1 :])]
    return [*row, *[""] * (length - len(row))]


def _cells_of(line: str) -> list[str]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _CELLS.split(inner)]


def _is_rule(cell: str) -> bool:
    return "-" in cell and set(cell.removeprefix(":").removesuffix(":")) == {"-"}


def _aligned(rule: str) -> Align:
    if rule.endswith(":"):
        return "center" if rule.startswith(":") else "right"
    return "left"


def _cell(text: str) -> dict[str, str]:
    # Raw text is shown as it is. Should a client read it all the same, this begins no mention.
    return {"type": "raw_text", "text": text.replace("<", "<\u200b") or " "}


def _padded(text: str, width: int, align: Align) -> str:
    room = width - _width(text)
    before = {"left": 0, "center": room // 2, "right": room}[align]
    return " " * before + text + " " * (room - before)


def _width(text: str) -> int:
    """Return how many columns a text takes: full-width characters take two."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
