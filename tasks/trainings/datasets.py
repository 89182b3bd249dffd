"""Training data by name: the files and folders of `$SWALLOW_HOME/datasets/`, or the default.

Two names are reserved: the built-in sample, and the feedback of the team, which is in the broker.

A name from Slack is never a path: it is looked for among the folder's own entries, and an entry
that is a link, or a folder with a link out of it, is not one of them.
"""

import re
import unicodedata
from pathlib import Path

from tasks.errors import DatasetUnknown
from tasks.settings import Settings

SUFFIXES = (".json", ".jsonl", ".csv")
SAMPLE, FEEDBACK = "sample", "feedback"
RESERVED = (SAMPLE, FEEDBACK)
_NAME = re.compile(r"\w[\w.-]{0,63}")


def is_dataset_name(name: str) -> bool:
    """Tell whether `name` may name a dataset: letters of any script, digits, `.`, `_` and `-`."""
    return _NAME.fullmatch(_composed(name)) is not None


def known(settings: Settings) -> list[str]:
    """Return the names that can be trained on, without their files' endings."""
    return sorted({_name(path) for path in _entries(settings)}.union(RESERVED))


def source_of(name: str, settings: Settings) -> str:
    """Return the value of `--data-path` for a dataset's name; an empty name means the default.

    FEEDBACK stands for a file that `tasks.trainings.feedback_rows` writes.

    Raises:
        DatasetUnknown: there is no such dataset; the error lists those there are.
    """
    if not name:
        return settings.train_data
    if name in RESERVED:
        return name
    for path in _entries(settings):
        if _composed(name) in (_composed(path.name), _name(path)):
            return str(path)
    raise DatasetUnknown(name, known(settings))


def _entries(settings: Settings) -> list[Path]:
    """Return the folder's usable entries in order; of two with one name, the first is used."""
    folder = settings.home / "datasets"
    if not folder.is_dir():
        return []
    named = [path for path in sorted(folder.iterdir()) if is_dataset_name(path.name)]
    return [
        path
        for path in named
        if not path.is_symlink() and (path.suffix in SUFFIXES or path.is_dir())
        if not (path.is_dir() and _leads_out(path))
    ]


def _leads_out(folder: Path) -> bool:
    """Tell whether a link in `folder` leads out of it."""
    inside = folder.resolve()
    links = (path for path in folder.rglob("*") if path.is_symlink())
    return not all(link.resolve().is_relative_to(inside) for link in links)


def _name(path: Path) -> str:
    return _composed(path.name if path.is_dir() else path.name.removesuffix(path.suffix))


def _composed(name: str) -> str:
    """Return a name as people type it: some systems store か and ゙ apart."""
    return unicodedata.normalize("NFC", name)
