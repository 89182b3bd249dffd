"""Which home a process works on, told apart from those of other hosts by an id in a file of it.

A path does not tell: two hosts have the same one, and two containers mount one home under several.
"""

from pathlib import Path
from uuid import uuid4

from trainer.file_lock import locked
from trainer.files import make_private, write_text


def home_id(home: Path) -> str:
    """Return the id of `home`, made when it is first asked for.

    Raises:
        OSError: the home cannot be written to.
    """
    file = home / "id"
    make_private(home)
    with locked(home / ".id.lock"):
        if not file.exists():
            write_text(file, uuid4().hex)
        return file.read_text(encoding="utf-8")
