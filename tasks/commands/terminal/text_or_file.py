"""A value that is a text, or names a file that holds it."""

from pathlib import Path

import click


def file_of(value: str) -> Path | None:
    """Return the file that `value` names; None where it is a text."""
    try:
        return Path(value) if Path(value).is_file() else None
    except (OSError, ValueError):  # a text too long for a file's name, or with a zero byte
        return None


def text_of(value: str) -> str:
    """Return the content of the file `value`, less its last newline, or `value` itself."""
    file = file_of(value)
    if file is None:
        return value
    try:
        return file.read_text(encoding="utf-8").removesuffix("\n")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{value} is not UTF-8 text.") from error
