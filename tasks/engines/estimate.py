"""What the fast engine will take of memory and disk, before it is loaded; for the doctor."""

from tasks.engines.choose import folder_to_convert
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import read_config
from tasks.engines.openvino.convert.conversion import bytes_needed, planned
from tasks.engines.openvino.convert.converted import Converted, is_whole
from tasks.engines.openvino.kernels.build import obstacle
from tasks.engines.openvino.serving import memory_needed
from tasks.settings import Settings
from trainer.base_model.source import find
from trainer.data.sources import SAMPLE


def memory_bytes(settings: Settings) -> float | None:
    """Return about how many bytes of memory the fast engine takes; None where it does not run, or
    where that is not known yet."""
    folder = folder_to_convert(settings)
    if folder is None:
        return None
    return memory_needed(read_architecture(read_config(folder)), settings.precision)


def disk_bytes(settings: Settings) -> float:
    """Return how many bytes of disk converting the model will take; 0 where it is converted, where
    no conversion is needed, or where that is not known yet."""
    target = _planned(settings)
    return 0 if target is None else bytes_needed(target)


def weights(settings: Settings) -> str | None:
    """Say in which precision and quality the fast engine serves the model, on which texts 4 bits
    are calibrated, and whether that is converted; None where that is not known yet.

    Raises:
        SettingInvalid: `SWALLOW_CALIBRATION` cannot be read.
    """
    target = _planned(settings)
    if target is None:
        return None
    said = target.name
    if target.is_calibrated:
        sample = settings.calibration == SAMPLE
        said += f", calibrated on {'the built-in sample' if sample else settings.calibration}"
    return f"{said}; {'converted' if is_whole(target.folder) else 'the next start converts it'}"


def _planned(settings: Settings) -> Converted | None:
    folder = folder_to_convert(settings)
    if folder is None:
        return None
    return planned(
        folder,
        name=find(settings.model).name,
        cache=settings.cache,
        precision=settings.precision,
        calibration=settings.calibration,
        kernels=obstacle(settings.cache) is None,
    )
