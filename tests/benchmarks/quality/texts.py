"""The Japanese and English text on which formats are compared: this project's own READMEs.

Conversion never reads them: it calibrates on the sample of trainings.
"""

from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[3]
FILES = {"en": "README.md", "ja": "README.ja.md"}
PIECE = 512
"""Tokens that are read in one context."""


def pieces(tokenizer: Any, tokens: int) -> dict[str, torch.Tensor]:
    """Return about `tokens` token ids of each language, [pieces, PIECE] int64.

    Raises:
        ValueError: a text has fewer tokens than one piece.
    """
    return {language: _pieces(tokenizer, ROOT / file, tokens) for language, file in FILES.items()}


def _pieces(tokenizer: Any, file: Path, tokens: int) -> torch.Tensor:
    ids = tokenizer.encode(file.read_text("utf-8"), add_special_tokens=False)
    count = min(len(ids), tokens) // PIECE
    if not count:
        raise ValueError(f"{file} has only {len(ids)} tokens; --tokens takes at least {PIECE}")
    return torch.tensor(ids[: count * PIECE]).view(count, PIECE)
