"""What the fast engine will take of memory and disk, before it is loaded; for the doctor."""

from tasks.engines.choose import folder_to_convert
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import read_config
from tasks.engines.openvino.convert.conversion import bytes_needed
from tasks.engines.openvino.kernels.build import obstacle
from tasks.engines.openvino.serving import memory_needed
from tasks.settings import Settings
from trainer.base_model.source import find


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
    folder = folder_to_convert(settings)
    if folder is None:
        return 0
    return bytes_needed(
        folder,
        name=find(settings.model).name,
        cache=settings.cache,
        precision=settings.precision,
        kernels=obstacle(settings.cache) is None,
    )
