"""GGUF files unpacked into a folder of safetensors, once for all later loads.

Unpacking takes far longer than loading the result. It does not know how models are named. torch
and transformers are imported only when a file is unpacked.
"""

import hashlib
import json
import logging
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainer.files import make_private, sync

log = logging.getLogger(__name__)


def unpacked(file: Path, cache: Path) -> Path:
    """Return a folder under `cache` with the model in `file` as configuration and safetensors.

    The folder's name depends on the file's size and time and on the version of transformers, which
    decides how the weights are read. Several processes may unpack one file at the same time: the
    first to finish renames its folder into place, the others use that one.

    Raises:
        OSError: the file cannot be read, or `cache` cannot be written to.
        ValueError: transformers does not know the file's architecture.
    """
    facts = [file.name, file.stat().st_size, file.stat().st_mtime_ns, version("transformers")]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    folder = cache / f"{file.stem}-{digest}"
    if folder.is_dir():
        return folder
    log.info("unpacking %s once, for this and later starts", file.name)
    make_private(cache)
    temporary = Path(tempfile.mkdtemp(prefix=".unpack-", dir=cache))
    try:
        _unpack(file, temporary)
        sync(temporary)
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process finished first, with equal content
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def dequantised() -> Any:
    """Return the `quantization_config` that makes transformers load GGUF weights as floats."""
    from transformers import GgufConfig

    return GgufConfig(dequantize=True)


def _unpack(file: Path, folder: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(
        str(file.parent),
        gguf_file=file.name,
        dtype=torch.float32,
        quantization_config=dequantised(),
    )
    # The state dict, because save_pretrained refuses models that came from GGUF.
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_dict()
    config.pop("quantization_config", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    model.generation_config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(folder)
