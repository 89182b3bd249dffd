"""Which engine runs: the one that the setting names, else the fast one where it can.

Does not know what an engine takes of memory or disk (`estimate`).
"""

import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.engines import swallow_models
from tasks.engines.conversion_progress import LogProgress, Progress
from tasks.engines.cpu import runs_fast_kernels
from tasks.engines.openvino.convert.architecture import Architecture, read_architecture
from tasks.engines.openvino.convert.checkpoint import read_config
from tasks.engines.openvino.convert.precision import choose_precision, suits_kernels
from tasks.engines.openvino.kernels import build as kernels
from tasks.engines.protocol import Engine
from tasks.errors import ConversionFailed, EngineFailed, ModelUnsupported, SettingInvalid
from tasks.settings import Settings
from trainer.base_model import gguf
from trainer.base_model.source import Source, config_folder, find, is_local
from trainer.errors import ModelMissing
from trainer.files import make_private

log = logging.getLogger(__name__)

STARTS = 3
"""How often the fast engine is tried: a process that is killed while it loads, as for its memory,
must not leave the worker with the slow engine for good."""


def load_engine(settings: Settings, progress: Progress | None = None) -> Engine:
    """Load the model of `settings` into the engine it should run on.

    `progress` is called during a conversion, where one is needed; None writes to the log.

    Raises:
        ModelMissing: the model is not here and could not be fetched.
        SettingInvalid: `SWALLOW_ENGINE=openvino` for a model or machine it does not support.
        ConversionFailed, EngineFailed: the fast engine was asked for and could not be loaded.
    """
    source = find(settings.model)
    if settings.engine == "transformers":
        return _reference_engine(settings, source)
    try:
        _check_machine(settings)
        return _started(settings, source, progress or LogProgress())
    except (ModelUnsupported, ConversionFailed, EngineFailed) as error:
        if settings.engine == "openvino":
            raise _as_asked_for(source, error) from error
        log.warning("the fast engine is not used: %s", error)
        return _reference_engine(settings, source)


def explain(settings: Settings) -> str:
    """Say which engine runs and why, for the doctor."""
    if settings.engine == "transformers":
        return "transformers (asked for)"
    asked = settings.engine == "openvino"
    obstacle = _obstacle(settings)
    if obstacle is None:
        source = find(settings.model)
        if not is_local(source) and _known_config(settings, source) is None:
            return "openvino where it supports the model: known once its configuration is here"
        chosen = f"openvino ({'asked for' if asked else 'chosen, it supports this model and CPU'})"
        return chosen + _explain_kernels(settings)
    if asked:
        return f"openvino was asked for and cannot run: {obstacle}"
    return f"transformers (chosen, the fast engine cannot run: {obstacle})"


def configured_folder(settings: Settings) -> Path | None:
    """Return the checkpoint's folder that the fast engine converts; None where the fast engine
    does not run, or where the folder is not known before the model is fetched or unpacked."""
    if settings.engine == "transformers" or _obstacle(settings) is not None:
        return None
    return known_folder(settings, find(settings.model))


def known_folder(settings: Settings, source: Source) -> Path | None:
    """Return the folder with the configuration of a model where that is on this machine, and of a
    GGUF file where it was described; None otherwise."""
    if source.gguf is None:
        return config_folder(source)
    file = Path(source.path, source.gguf)
    folder = gguf.described_in(file, settings.cache)
    return folder if gguf.is_large(file) and folder.is_dir() else None


def architecture_of(settings: Settings) -> Architecture | None:
    """Return the architecture of a model that the fast engine runs, from its configuration on this
    machine or, of a Swallow model, as it is known; None for others, and while nothing is known."""
    if settings.engine == "transformers" or _obstacle(settings) is not None:
        return None
    config = _known_config(settings, find(settings.model))
    return None if config is None else read_architecture(config)


def _known_config(settings: Settings, source: Source) -> Mapping[str, Any] | None:
    folder = known_folder(settings, source)
    if folder is None:
        return None if source.gguf else swallow_models.config_of(source.path)
    return read_config(folder)


def _explain_kernels(settings: Settings) -> str:
    """Say whether our kernels compute the model; empty where they never compute such a model."""
    architecture = architecture_of(settings)
    if architecture is None:
        return ""
    if not suits_kernels(architecture, choose_precision(architecture, settings.precision)):
        return ""
    return f" {kernels.explain(settings.cache)}"


def _obstacle(settings: Settings) -> str | None:
    """Return what keeps the fast engine from running, as far as is known without loading."""
    try:
        _check_machine(settings)
        config = _known_config(settings, find(settings.model))
        if config is not None:
            _check_experts(settings, read_architecture(config))
    except (ModelUnsupported, ConversionFailed, ModelMissing) as error:
        return str(error)
    return None


def _check_experts(settings: Settings, architecture: Architecture) -> None:
    """Raise ModelUnsupported for a mixture of experts that our kernels cannot compute here."""
    if architecture.experts is None:
        return
    if not suits_kernels(architecture, choose_precision(architecture, settings.precision)):
        raise ModelUnsupported("its experts are computed at 4 bits only, in whole blocks of rows")
    if (why := kernels.obstacle(settings.cache)) is not None:
        raise ModelUnsupported(f"its experts are computed only by our kernels, and {why}")


def _check_machine(settings: Settings) -> None:
    """Raise ModelUnsupported where this installation or CPU cannot run the fast engine."""
    if importlib.util.find_spec("openvino_genai") is None:
        raise ModelUnsupported("the package openvino-genai is not installed")
    if settings.engine == "auto" and not runs_fast_kernels():
        raise ModelUnsupported("the CPU has no AVX2")


def _as_asked_for(source: Source, error: Exception) -> Exception:
    """Return the error to raise where the setting named the engine that failed with `error`."""
    if not isinstance(error, ModelUnsupported):
        return error
    return SettingInvalid(
        f"SWALLOW_ENGINE=openvino cannot run {source.name}: {error}; use auto or transformers."
    )


def _started(settings: Settings, source: Source, progress: Progress) -> Engine:
    """Return the fast engine, whose generating process may be killed a few times as it loads."""
    for _ in range(STARTS - 1):
        try:
            return _fast_engine(settings, source, progress)
        except EngineFailed as error:
            log.warning("the fast engine did not start: %s", error)
    return _fast_engine(settings, source, progress)


def _fast_engine(settings: Settings, source: Source, progress: Progress) -> Engine:
    from tasks.engines.openvino.engine import OpenVinoEngine

    return OpenVinoEngine(
        source,
        style=settings.style,
        threads=settings.threads,
        cache=_created(settings.cache),
        precision=settings.precision,
        calibration=settings.calibration,
        progress=progress,
    )


def _reference_engine(settings: Settings, source: Source) -> Engine:
    from tasks.engines.transformers.engine import TransformersEngine

    return TransformersEngine(
        source, style=settings.style, threads=settings.threads, cache=_created(settings.cache)
    )


def _created(folder: Path) -> Path:
    make_private(folder)
    return folder
