"""Adapters as plain PEFT folders: taken elsewhere, and brought from there after every check."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.exchange.fitting import check_fits
from tasks.exchange.targets import require_free
from trainer.adapters.adapter import Adapter, read
from trainer.adapters.adapter_files import ABOUT, CONFIG, WEIGHTS, read_small, read_weights
from trainer.adapters.names import free_folder
from trainer.base_model.source import Source
from trainer.base_model.tokenizer import load_tokenizer
from trainer.errors import AdapterRefused
from trainer.files import whole_folder, write_json
from trainer.prompts.templates import choose_style

PICKLE = "adapter_model.bin"
"""What PEFT wrote before it wrote safetensors: loading it could run code."""


def export_peft(adapter: Adapter, folder: Path) -> None:
    """Write `adapter` as a folder that PEFT loads; `swallow.json` says the prompt style.

    It has the marks of the exam and not its questions: those are rows of the team, and what is
    removed here would stay there.

    Raises:
        NotWritable: the folder is there already, or the disk is full or refuses.
        AdapterRefused: its files were replaced since it was read.
    """
    with whole_folder(require_free(folder)) as aside:
        _copy(adapter, aside)
        write_json(aside / ABOUT, {**_without_rows(adapter.about), "style": adapter.style})


def read_foreign(folder: Path) -> Adapter:
    """Check the folder of an adapter that another program trained, and return its facts.

    Raises:
        AdapterRefused: see `trainer.adapters.adapter.read`; a folder that has its weights only as a
            pickle is refused with what to do.
    """
    if (folder / PICKLE).exists() and not (folder / WEIGHTS).exists():
        raise AdapterRefused(
            f"{folder} has its weights as {PICKLE}, which could run code when it is read; "
            "save the adapter as safetensors where it was trained."
        )
    return read(folder)


def import_peft(adapter: Adapter, source: Source, place: Path, style: str, *, cache: Path) -> Path:
    """Copy a foreign adapter of the model in `source` to `place`, or to the first of `place-2`,
    `place-3`… that is free; returns that folder.

    Raises:
        AdapterRefused: it does not fit the model, or its files were replaced since it was read.
        UnknownStyle: there is no such style, or this model cannot use it.
        ModelMissing: the model's configuration or tokenizer is not here.
        NotWritable: the disk is full or refuses.
    """
    check_fits(adapter, source, cache=cache)
    chosen = choose_style(load_tokenizer(source, cache=cache), style)
    folder = free_folder(place)
    with whole_folder(folder) as aside:
        _copy(adapter, aside)
        about = {
            "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            **adapter.about,
            "base_model": source.name,
            "style": chosen.name,
            "imported": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        }
        write_json(aside / ABOUT, about)
    return folder


def _without_rows(about: Mapping[str, Any]) -> dict[str, Any]:
    exam = about.get("exam")
    if not isinstance(exam, dict):
        return dict(about)
    return {**about, "exam": {key: value for key, value in exam.items() if key != "sides"}}


def _copy(adapter: Adapter, folder: Path) -> None:
    """Copy configuration and weights; what is written is what was checked."""
    weights = read_weights(adapter.path, adapter.digest)
    (folder / CONFIG).write_bytes(read_small(adapter.path, CONFIG))
    (folder / WEIGHTS).write_bytes(weights)
    if read(folder).digest != adapter.digest:
        raise AdapterRefused(f"The files of adapter {adapter.name!r} were replaced meanwhile.")
