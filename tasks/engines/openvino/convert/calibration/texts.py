"""The texts that 4-bit weights are calibrated on: the built-in sample, or the operator's own.

Rows of questions and answers are read in the model's own prompt style, as in a training; plain
texts as they are. Does not know what is measured on them.
"""

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.errors import SettingInvalid
from trainer.base_model.source import Source
from trainer.data.dataset import read
from trainer.data.rows import Row
from trainer.data.sources import SAMPLE, SUFFIXES
from trainer.errors import DataUnusable
from trainer.files import expanded

if TYPE_CHECKING:
    import torch

TEXTS = (".txt", ".md")
"""Endings of the files that are read as plain text."""

PART = 500
"""Characters of a plain text that are kept together, so that a long one is not all that is read."""

PIECE = 256
"""Tokens that are read in one context."""


@dataclass(frozen=True)
class CalibrationTexts:
    """Rows and plain texts; `digest` is the SHA-256 of their content in hex, None for the sample.

    The sample needs none: it changes with the version of what it is converted to.
    """

    rows: list[Row]
    plain: list[str]
    digest: str | None

    def ids(self, folder: Path, count: int) -> "torch.Tensor":
        """Return `count` token ids in the prompt style of the model in `folder`, [pieces, PIECE].

        Few texts are repeated. `count` is a multiple of PIECE.

        Raises:
            ModelMissing: the model has no tokenizer.
            SettingInvalid: its tokenizer makes nothing of the texts.
        """
        import torch

        from trainer.base_model.tokenizer import load_tokenizer
        from trainer.prompts.example import encode_example
        from trainer.prompts.templates import choose_style

        tokenizer = load_tokenizer(Source(folder.name, str(folder)))
        style = choose_style(tokenizer)
        # A data set may be sorted by language.
        pieces: list[Row | str] = [*self.rows, *self.plain]
        random.Random(0).shuffle(pieces)
        ids: list[int] = []
        while len(ids) < count:
            for piece in pieces:
                if isinstance(piece, str):
                    ids += tokenizer.encode(piece, add_special_tokens=False)
                else:
                    ids += encode_example(
                        style, tokenizer, piece.instruction, piece.input, piece.output, piece.thread
                    ).ids
                if len(ids) >= count:
                    break
            if not ids:
                raise SettingInvalid("SWALLOW_CALIBRATION holds no text that has tokens.")
        return torch.tensor(ids[:count]).view(-1, PIECE)


def read_texts(source: str) -> CalibrationTexts:
    """Read `source`: `sample`, a folder of texts (.txt, .md) and of rows as for a training, or one
    such file.

    Raises:
        SettingInvalid: it does not exist, cannot be read, or holds no text.
    """
    if source == SAMPLE:
        return CalibrationTexts(read(SAMPLE).rows, [], None)
    path = expanded(source)
    try:
        if not path.exists():
            raise _unusable(source, "there is no such file or folder")
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        texts = [file for file in files if file.suffix.lower() in TEXTS]
        rows = [file for file in files if file.suffix.lower() in SUFFIXES]
        plain = [part for file in texts for part in _parts(file)]
        data = read(str(path)) if rows else None
    except DataUnusable as error:
        raise _unusable(source, str(error).rstrip(".")) from error
    except UnicodeDecodeError as error:
        raise _unusable(source, "it holds a text that is not UTF-8") from error
    except OSError as error:
        raise _unusable(source, error.strerror or str(error)) from error
    if not plain and data is None:
        raise _unusable(source, "it holds no text")
    content = json.dumps([data.digest if data else None, plain])
    digest = hashlib.sha256(content.encode()).hexdigest()
    return CalibrationTexts(data.rows if data else [], plain, digest)


def _parts(file: Path) -> list[str]:
    """Return what a plain text holds, in parts of PART characters."""
    text = file.read_text("utf-8-sig").strip()
    return [text[start : start + PART] for start in range(0, len(text), PART)]


def _unusable(source: str, reason: str) -> SettingInvalid:
    return SettingInvalid(
        f"SWALLOW_CALIBRATION={source} cannot be used: {reason}; name `sample`, or a folder of "
        "texts (.txt, .md) or of rows as for a training (.json, .jsonl, .csv)."
    )
