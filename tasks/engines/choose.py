"""Choosing the engine: the setting, else the fast one where it supports the model and the CPU."""

import importlib.util
import logging
from pathlib import Path

from tasks.engines.cpu import runs_fast_kernels
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import read_config
from tasks.engines.openvino.convert.converted import Progress, bytes_needed
from tasks.engines.openvino.convert.plan import choose_precision, suits_kernels
from tasks.engines.openvino.convert.progress import Tenths
from tasks.engines.openvino.kernels import build as kernels
from tasks.engines.openvino.serving import memory_needed
from tasks.engines.protocol import Engine
from tasks.errors import ConversionFailed, EngineFailed, ModelUnsupported, SettingInvalid
from tasks.settings import Settings
from trainer.base_model.source import Source, config_folder, find
from trainer.errors import ModelMissing

log = logging.getLogger(__name__)


def load_engine(settings: Settings, progress: Progress | None = None) -> Engine:
    """Load the model of `settings` into the engine it should run on.

    `progress` is told how many of how many weights are converted, where that is needed; the log is
    told where it is None.

    Raises:
        ModelMissing: the model is not here and could not be fetched.
        SettingInvalid: `SWALLOW_ENGINE=openvino` for a model or machine it does not support.
        ConversionFailed, EngineFailed: the fast engine was asked for and could not be made ready.
    """
    source = find(settings.model)
    if settings.engine == "transformers":
        return _reference(settings, source)
    try:
        _insist_on_support(settings)
        return _fast(settings, source, progress or Tenths())
    except (ModelUnsupported, ConversionFailed, EngineFailed) as error:
        if settings.engine == "openvino":
            raise _refused(source, error) from error
        log.warning("the fast engine is not used: %s", error)
        return _reference(settings, source)


def explain(settings: Settings) -> str:
    """Say which engine runs and why, for the doctor."""
    if settings.engine == "transformers":
        return "transformers (asked for)"
    asked = settings.engine == "openvino"
    why_not = _why_not(settings)
    if why_not is None:
        chosen = f"openvino ({'asked for' if asked else 'chosen, it supports this model and CPU'})"
        return chosen + _kernels(settings)
    if asked:
        return f"openvino was asked for and cannot run: {why_not}"
    return f"transformers (chosen, the fast engine cannot run: {why_not})"


def memory_of(settings: Settings) -> float | None:
    """Return about how many bytes the fast engine takes; None where it does not run, or where that
    is not known yet."""
    folder = _converted_from(settings)
    if folder is None:
        return None
    return memory_needed(read_architecture(read_config(folder)), settings.precision)


def disk_of(settings: Settings) -> float:
    """Return how many bytes of disk converting the model will take; 0 where that is done, or is not
    needed, or not known yet."""
    folder = _converted_from(settings)
    if folder is None:
        return 0
    name, ours = find(settings.model).name, kernels.why_not(settings.cache) is None
    return bytes_needed(
        folder, name=name, cache=settings.cache, wanted=settings.precision, kernels=ours
    )


def _converted_from(settings: Settings) -> Path | None:
    """Return the folder of the checkpoint the fast engine converts, where it runs and knows it."""
    source = find(settings.model)
    if settings.engine == "transformers" or source.gguf is not None:
        return None
    return None if _why_not(settings) is not None else config_folder(source)


def _kernels(settings: Settings) -> str:
    """Return whose kernels compute the model, where that is a question."""
    folder = _converted_from(settings)
    if folder is None:
        return ""
    architecture = read_architecture(read_config(folder))
    if not suits_kernels(architecture, choose_precision(architecture, settings.precision)):
        return ""
    return f" {kernels.explain(settings.cache)}"


def _why_not(settings: Settings) -> str | None:
    """Return what keeps the fast engine from running, as far as is known without loading."""
    try:
        _insist_on_support(settings)
        source = find(settings.model)
        folder = config_folder(source)
        if folder is not None and source.gguf is None:
            read_architecture(read_config(folder))
    except (ModelUnsupported, ConversionFailed, ModelMissing) as error:
        return str(error)
    return None


def _insist_on_support(settings: Settings) -> None:
    if importlib.util.find_spec("openvino_genai") is None:
        raise ModelUnsupported("the package openvino-genai is not installed")
    if settings.engine == "auto" and not runs_fast_kernels():
        raise ModelUnsupported("the CPU has no AVX2")


def _refused(source: Source, error: Exception) -> Exception:
    if not isinstance(error, ModelUnsupported):
        return error
    return SettingInvalid(
        f"SWALLOW_ENGINE=openvino cannot run {source.name}: {error}; use auto or transformers."
    )


def _fast(settings: Settings, source: Source, progress: Progress) -> Engine:
    from tasks.engines.openvino.engine import OpenVinoEngine

    return OpenVinoEngine(
        source,
        style=settings.style,
        threads=settings.threads,
        cache=_made(settings.cache),
        precision=settings.precision,
        progress=progress,
    )


def _reference(settings: Settings, source: Source) -> Engine:
    from tasks.engines.transformers.engine import TransformersEngine

    return TransformersEngine(
        source, style=settings.style, threads=settings.threads, cache=_made(settings.cache)
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
