"""What transformers takes to load a checkpoint that is quantised already.

Knows `config.json` and which packages are installed; loads nothing.
"""

import importlib.util
from collections.abc import Mapping
from typing import Any

PACKAGES = {
    "awq": "gptqmodel",
    "gptq": "gptqmodel",
    "compressed-tensors": "compressed_tensors",
    "bitsandbytes": "bitsandbytes",
}
"""The package that transformers 5 needs for each `quant_method`, by the name it is imported by; of
others it is not known here."""


def about_quantisation(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a `config.json` says of how its checkpoint is quantised; None where it is not."""
    about = config.get("quantization_config") or config.get("compression_config")
    if not about:
        return None
    return about if isinstance(about, Mapping) else {}


def method_name(config: Mapping[str, Any]) -> str | None:
    """Return how the checkpoint says that it is quantised, None where it is not."""
    about = about_quantisation(config)
    return None if about is None else str(about.get("quant_method", "unknown"))


def missing_package(method: str) -> str | None:
    """Return the package that `pip` installs and transformers lacks here for such a checkpoint."""
    package = PACKAGES.get(method)
    if package is None or importlib.util.find_spec(package) is not None:
        return None
    return package.replace("_", "-")
