"""Adapters on disk: their names, folders and files, and what is checked before one is trusted.

An adapter is a folder with PEFT's `adapter_config.json` and `adapter_model.safetensors`, and ours,
`swallow.json`. Nothing is unpickled and no link is followed. This module does not load weights and
does not know which adapter is in use.
"""

import hashlib
import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import AdapterMissing, AdapterRefused

MAX_NAME = 64
NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME - 1}}}")
CONFIG, WEIGHTS, ABOUT = "adapter_config.json", "adapter_model.safetensors", "swallow.json"
CURVE = "loss.png"

MAX_WEIGHTS_BYTES = 700 * 1000 * 1000
"""Rank 64 on all seven projections of a 7B takes 640 MB in fp32."""
MAX_JSON_BYTES = 1024 * 1024
MAX_HEADER_BYTES = 16 * 1024 * 1024

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers of a Llama block, the only ones an adapter may change."""


@dataclass(frozen=True)
class Adapter:
    """An adapter whose files were checked: a LoRA of rank `rank` on `targets` of `base_model`."""

    name: str
    path: Path
    base_model: str
    style: str | None
    rank: int
    alpha: float
    rslora: bool
    targets: tuple[str, ...]
    digest: str
    about: Mapping[str, Any]
    """The content of `swallow.json`; empty for an adapter that another program trained."""

    @property
    def scale(self) -> float:
        """The factor of B·A: alpha / r, or alpha / sqrt(r) for rsLoRA (arXiv:2312.03732)."""
        return self.alpha / (self.rank**0.5 if self.rslora else self.rank)


def valid_name(name: str) -> bool:
    """Tell whether `name` may name an adapter."""
    return NAME.fullmatch(name) is not None


def folder_of(value: str, home: Path) -> Path:
    """Return the folder an operator means: a bare name lies under `home`, a slash makes a path.

    Raises:
        AdapterRefused: a bare value that may not be a name.
    """
    if "/" in value:
        return Path(value).expanduser()
    if not valid_name(value):
        raise AdapterRefused(
            f"{value!r} cannot name an adapter: use letters, digits, '.', '_' and '-', "
            "at most 64, starting with a letter or digit."
        )
    return home / "adapters" / value


def free_folder(folder: Path) -> Path:
    """Return `folder`, or the first of `folder-2`, `folder-3`… that does not exist.

    A name that may name an adapter is cut so that it still may with its number.
    """
    candidate, number = folder, 1
    while os.path.lexists(candidate):
        number += 1
        end = f"-{number}"
        room = MAX_NAME - len(end) if valid_name(folder.name) else None
        candidate = folder.with_name(folder.name[:room] + end)
    return candidate


def read(folder: Path) -> Adapter:
    """Check the adapter in `folder` and return what it is.

    Raises:
        AdapterRefused: it is missing, a link, too large, not a LoRA, or not safetensors.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise AdapterMissing(folder.name, folder.parent)
    config = _json(folder, CONFIG)
    if config.get("peft_type") != "LORA":
        raise AdapterRefused(f"The adapter {folder.name!r} is not a LoRA; only LoRA is supported.")
    about = _json(folder, ABOUT) if os.path.lexists(folder / ABOUT) else {}
    base = about.get("base_model") or config.get("base_model_name_or_path") or ""
    style = about.get("style")
    return Adapter(
        name=folder.name,
        path=folder,
        base_model=str(base),
        style=str(style) if style else None,
        rank=_rank(folder, config),
        alpha=_alpha(folder, config),
        rslora=bool(config.get("use_rslora")),
        targets=_targets(folder, config),
        digest=_checked_digest(folder),
        about=about,
    )


def check_base(adapter: Adapter, model_name: str) -> None:
    """Refuse `adapter` where the model called `model_name` is not the one it was trained on.

    Compared by the last part of the name: the same model has other folders on other hosts.

    Raises:
        AdapterRefused: the base models differ.
    """
    trained_on = adapter.base_model.rstrip("/").rpartition("/")[2]
    if trained_on != model_name.rstrip("/").rpartition("/")[2]:
        raise AdapterRefused(
            f"The adapter {adapter.name!r} was trained on {trained_on or 'an unnamed model'} "
            f"and cannot be used with {model_name}."
        )


def _rank(folder: Path, config: Mapping[str, Any]) -> int:
    rank = config.get("r")
    if not isinstance(rank, int) or not 1 <= rank <= 512:
        raise AdapterRefused(
            f"The adapter {folder.name!r} has rank {rank!r}; 1 to 512 is possible."
        )
    unsupported = [
        key
        for key in (
            "rank_pattern",
            "alpha_pattern",
            "modules_to_save",
            "use_dora",
            "fan_in_fan_out",
        )
        if config.get(key)
    ]
    if unsupported or config.get("bias", "none") != "none":
        what = ", ".join(unsupported or ["bias"])
        raise AdapterRefused(f"The adapter {folder.name!r} uses {what}, which is not supported.")
    return rank


def _alpha(folder: Path, config: Mapping[str, Any]) -> float:
    alpha = config.get("lora_alpha") or config["r"]
    if not isinstance(alpha, (int, float)) or not 0 < alpha < 1e6:
        raise AdapterRefused(
            f"The adapter {folder.name!r} has lora_alpha {alpha!r}; "
            "a number above 0 and below 1,000,000 is possible."
        )
    return float(alpha)


def _targets(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    targets = config.get("target_modules")
    names = targets if isinstance(targets, list) else [targets] if targets else []
    unknown = [str(name) for name in names if name not in PROJECTIONS]
    if unknown or not names:
        raise AdapterRefused(
            f"The adapter {folder.name!r} changes {', '.join(unknown) or 'nothing'}; "
            f"only {', '.join(PROJECTIONS)} can be changed."
        )
    return tuple(name for name in PROJECTIONS if name in names)


def _open(folder: Path, name: str, limit: int) -> Any:
    """Open a regular file of at most `limit` bytes without following a link."""
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise AdapterRefused(
            f"The adapter {folder.name!r} has no readable {name} ({error.strerror})."
        ) from error
    file = os.fdopen(descriptor, "rb")
    size = os.fstat(descriptor).st_size
    if not Path(f"/proc/self/fd/{descriptor}").is_file() or size > limit:
        file.close()
        raise AdapterRefused(
            f"The adapter {folder.name!r} is refused: {name} has {size / 1e6:,.0f} MB "
            f"and at most {limit / 1e6:,.0f} MB in a regular file is accepted."
        )
    return file


def _json(folder: Path, name: str) -> dict[str, Any]:
    with _open(folder, name, MAX_JSON_BYTES) as file:
        try:
            content = json.load(file)
        except (ValueError, RecursionError) as error:
            raise AdapterRefused(f"The adapter {folder.name!r} has a broken {name}.") from error
    if not isinstance(content, dict):
        raise AdapterRefused(f"The adapter {folder.name!r} has a broken {name}.")
    return content


def _checked_digest(folder: Path) -> str:
    """Return the digest of configuration and weights, after looking at the weights' header.

    The layout is 8 bytes of little-endian header length, a JSON header, then the tensors
    (https://huggingface.co/docs/safetensors).
    """
    digest = hashlib.sha256()
    with _open(folder, CONFIG, MAX_JSON_BYTES) as file:
        digest.update(file.read())
    with _open(folder, WEIGHTS, MAX_WEIGHTS_BYTES) as file:
        size = os.fstat(file.fileno()).st_size
        if not _is_safetensors(file, size):
            raise AdapterRefused(
                f"The adapter {folder.name!r} is refused: {WEIGHTS} is not safetensors."
            )
        file.seek(0)
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _is_safetensors(file: Any, size: int) -> bool:
    start = file.read(8)
    if len(start) < 8:
        return False
    (length,) = struct.unpack("<Q", start)
    if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
        return False
    try:
        header = json.loads(file.read(length))
        ends = [value["data_offsets"][1] for key, value in header.items() if key != "__metadata__"]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return False
    whole = all(isinstance(end, int) for end in ends)
    return bool(ends) and whole and max(ends) == size - 8 - length
