"""What `swallow doctor` says of a model: whether it is here, and what serving it takes here."""

import os
import shutil
from typing import Any

import psutil

from tasks.engines.choose import architecture_of, explain
from tasks.engines.cpu import usable_cores
from tasks.engines.estimate import Needs, needs, weights
from tasks.engines.memory_bandwidth import bytes_per_second
from tasks.engines.openvino.convert.checkpoint import read_config
from tasks.errors import ConversionFailed, SettingInvalid, TaskError
from tasks.settings import Settings
from trainer.base_model.quantised import method_name, missing_package
from trainer.base_model.source import Source, config_folder, find, is_local
from trainer.base_model.tokenizer import chat_template_in
from trainer.errors import ModelMissing
from trainer.prompts.thought import marks_in

Row = dict[str, Any]

GB = 1e9
SPARE_DISK_BYTES = 2 * GB
"""Disk that should be free beside the model's, for what the home collects in use."""
UNKNOWN = "known once its configuration is here"


def row(check: str, ok: bool, detail: str, advice: str = "") -> Row:
    """Return one row; the advice is kept only where the check failed."""
    return {"check": check, "ok": ok, "detail": detail, "advice": "" if ok else advice}


def model_rows(settings: Settings, *, asked_for: bool = False) -> list[Row]:
    """Check the model of `settings`; one that was `asked_for` need not be on this machine yet."""
    try:
        source = find(settings.model)
    except ModelMissing as error:
        return [row("model", False, str(error), "Name one that exists."), _disk(settings, 0)]
    here = is_local(source)
    advice = "Run `swallow prepare` where the network is reachable, or name a folder."
    detail = source.name if here else f"{source.name} is not on this machine"
    rows = [row("model", here or asked_for, detail, advice), row("engine", True, explain(settings))]
    try:
        takes = needs(settings)
    except (ModelMissing, TaskError):  # the row `engine` says what is wrong
        takes = Needs(None, None, None)
    return [
        *rows,
        *checkpoint_rows(settings, source),
        *thinking_rows(settings, source),
        *weights_rows(settings),
        _memory(source, takes.memory),
        _disk(settings, takes.disk),
        _speed(settings, takes.per_token),
    ]


def checkpoint_rows(settings: Settings, source: Source) -> list[Row]:
    """Say which engine reads a checkpoint that is quantised already; nothing of any other."""
    folder = None if source.gguf else config_folder(source)
    try:
        method = None if folder is None else method_name(read_config(folder))
    except ConversionFailed:
        return []  # the row `engine` says what is wrong
    if method is None:
        return []
    fast = architecture_of(settings) is not None
    package = missing_package(method)
    reader = "the fast engine reads it" if fast else "the fast engine does not run it"
    other = f"needs the package {package}" if package else "may load it"
    return [
        row(
            "checkpoint",
            fast or package is None,
            f"quantised already ({method}): {reader}, the transformers engine {other}",
            f"Run `pip install {package}`, or name the model that it was made from.",
        )
    ]


def thinking_rows(settings: Settings, source: Source) -> list[Row]:
    """Say how much the model may think; nothing of a model that does not think first."""
    folder = config_folder(source)
    if folder is None or marks_in(chat_template_in(folder)) is None:
        return []
    most = settings.thinking
    detail = f"at most {most} tokens" if isinstance(most, int) else most
    return [row("thinking", True, f"{detail} (SWALLOW_THINKING); {source.name} thinks first")]


def weights_rows(settings: Settings) -> list[Row]:
    """Return the row that says which conversion of the model is served; none where none is."""
    try:
        said = weights(settings)
    except SettingInvalid as error:
        return [row("weights", False, str(error), "Correct SWALLOW_CALIBRATION.")]
    except (ModelMissing, TaskError):
        return []  # the row `engine` or `model` says what is wrong
    return [] if said is None else [row("weights", True, said)]


def _memory(source: Source, needed: float | None) -> Row:
    memory = psutil.virtual_memory()
    takes = UNKNOWN if needed is None else f"about {needed / GB:.1f} GB"
    return row(
        "memory",
        memory.available > (needed or 0),
        f"{memory.available / GB:.1f} of {memory.total / GB:.1f} GB free, "
        f"{source.name} takes: {takes}",
        "Stop other programs, add memory, or set SWALLOW_MODEL to a smaller model.",
    )


def _disk(settings: Settings, model: float | None) -> Row:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    needed = SPARE_DISK_BYTES + (model or 0)
    writable = os.access(folder, os.W_OK)
    detail = f"{free / GB:.1f} GB free in {settings.home}, {needed / GB:.0f} GB needed"
    if model is None:
        detail += f" beside the model's ({UNKNOWN})"
    return row(
        "disk",
        free > needed and writable,
        detail if writable else f"{settings.home} is not writable",
        "Free some space, or set SWALLOW_HOME to another folder.",
    )


def _speed(settings: Settings, per_token: float | None) -> Row:
    """Say what the memory allows: an answer that is alone reads all weights for each token."""
    speed = bytes_per_second(settings.threads or usable_cores())
    read = f"{speed / GB:.0f} GB/s of memory are read here now"
    if per_token is None:
        return row("speed", True, read)
    return row(
        "speed",
        True,
        f"at most {speed / per_token:.1f} tokens/s for one answer: {read}, "
        f"{per_token / GB:.1f} GB for a token",
    )
