"""Choosing the engine: the setting, else what supports the model and the CPU."""

from pathlib import Path

from tasks.engines.protocol import Engine
from tasks.errors import SettingInvalid
from tasks.settings import Settings
from trainer.models import find


def load_engine(settings: Settings) -> Engine:
    """Load the model of `settings` into the engine it should run on.

    Raises:
        ModelMissing: the model is not here and could not be fetched.
        SettingInvalid: the engine is not part of this version.
    """
    if settings.engine == "openvino":
        raise SettingInvalid(
            "SWALLOW_ENGINE=openvino is not part of this version; use auto or transformers."
        )
    from tasks.engines.transformers import TransformersEngine

    return TransformersEngine(
        find(settings.model),
        style=settings.style,
        threads=settings.threads,
        cache=_made(settings.cache),
    )


def explain(settings: Settings) -> str:
    """Say which engine runs and why, for the doctor."""
    if settings.engine == "openvino":
        return "openvino was asked for and is not part of this version"
    why = "asked for" if settings.engine == "transformers" else "chosen, it runs every model"
    return f"transformers ({why})"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
