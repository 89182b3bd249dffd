"""GGUF files unpacked into a folder, once for all later loads: with their weights, or without.

Unpacking takes far longer than loading the result, and a large model's weights as floats take more
memory and disk than a machine may have. It does not know how models are named. torch and
transformers are imported only when a file is unpacked.
"""

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from trainer.base_model.gguf_file import GgufFile
from trainer.files import make_private, sync

log = logging.getLogger(__name__)


LARGE_BYTES = 1_000_000_000
"""A file from this size on is read where it lies by what can do so: only smaller ones are unpacked
whole, which training needs as well."""

LLAMA3_ROPE = {
    "rope_type": "llama3",
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""How all Llamas from 3.1 on scale their rotary positions, but for the factor."""

ROTARY_FACTORS = "rope_freqs.weight"
"""The tensor of what each frequency of the rotary positions is divided by."""

LINK = "model.gguf"
"""The link to the file in a folder that describes it."""


def is_large(file: Path) -> bool:
    """Tell whether `file` is too large to be unpacked with its weights without need."""
    return file.stat().st_size >= LARGE_BYTES


def unpacked(file: Path, cache: Path) -> Path:
    """Return a folder under `cache` with the model in `file` as configuration and safetensors.

    The folder's name depends on the file's size and time and on the version of transformers, which
    decides how the weights are read. Several processes may unpack one file at the same time: the
    first to finish renames its folder into place, the others use that one.

    Raises:
        OSError: the file cannot be read, or `cache` cannot be written to.
        ValueError: transformers does not know the file's architecture, or it is broken.
    """
    return _made(file, cache, _folder(file, cache, []), _unpack)


def described(file: Path, cache: Path) -> Path:
    """Return a folder like that of `unpacked` with the configuration and the tokenizer of `file`,
    and instead of the weights a link to it. Raises what `unpacked` does."""
    return _made(file, cache, described_in(file, cache), _describe)


def described_in(file: Path, cache: Path) -> Path:
    """Return the folder that `described` returns, whether it is there or not."""
    return _folder(file, cache, ["described", str(file.resolve())])


def _folder(file: Path, cache: Path, more: list[str]) -> Path:
    facts = [file.name, file.stat().st_size, file.stat().st_mtime_ns, version("transformers")]
    digest = hashlib.sha256(json.dumps([*facts, *more]).encode()).hexdigest()[:12]
    return cache / f"{file.stem}-{digest}"


def _made(file: Path, cache: Path, folder: Path, make: Callable[[Path, Path], None]) -> Path:
    if folder.is_dir():
        return folder
    _check(GgufFile(file))
    log.info("unpacking %s once, for this and later starts", file.name)
    make_private(cache)
    temporary = Path(tempfile.mkdtemp(prefix=".unpack-", dir=cache))
    try:
        try:
            make(file, temporary)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{file.name} lacks what transformers needs: {error!r}") from error
        sync(temporary)
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process finished first, with equal content
                raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _check(file: GgufFile) -> None:
    """Refuse a file whose tensors are not those of the model that its fields describe.

    transformers would make a model of the described size, and fill it with random weights.
    """
    kind = str(file.fields.get("general.architecture"))
    embeddings = file.tensors.get("token_embd.weight")
    blocks = file.fields.get(f"{kind}.block_count")
    width = file.fields.get(f"{kind}.embedding_length")
    found = {name.split(".")[1] for name in file.tensors if name.startswith("blk.")}
    if embeddings is None or embeddings.shape[-1] != width or len(found) != blocks:
        raise ValueError(f"{file.path} does not hold the model that it describes")


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


def _describe(file: Path, folder: Path) -> None:
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    config = AutoConfig.from_pretrained(str(file.parent), gguf_file=file.name)
    about = config.to_dict() | _own_facts(GgufFile(file), config)
    (folder / "config.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    GenerationConfig.from_model_config(config).save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(folder)
    (folder / LINK).symlink_to(file.resolve())


def _own_facts(file: GgufFile, config: Any) -> dict[str, Any]:
    """Return what transformers does not take from a GGUF file's fields, or takes for granted."""
    kind = str(file.fields.get("general.architecture"))
    facts: dict[str, Any] = {}
    if embeddings := file.tensors.get("token_embd.weight"):
        facts["vocab_size"] = embeddings.rows
    queries, heads = file.tensors.get("blk.0.attn_q.weight"), config.num_attention_heads
    if queries is not None and isinstance(heads, int) and heads > 0:
        facts["head_dim"] = queries.rows // heads
    experts = file.tensors.get("blk.0.ffn_gate_exps.weight")
    if experts is not None and len(experts.shape) == 3:
        facts["moe_intermediate_size"] = experts.shape[1]
    return facts | _rotations(file, kind, config)


def _rotations(file: GgufFile, kind: str, config: Any) -> dict[str, Any]:
    """Return the configuration of scaled rotary positions.

    Those of Llama 3.1 and later are in the file only as what each frequency is divided by.
    """
    rope = dict(config.rope_parameters or {})
    if ROTARY_FACTORS in file.tensors:
        factors = file.data(ROTARY_FACTORS).view(np.float32)
        scaled = LLAMA3_ROPE | {"factor": float(factors.max())}
        return {"rope_parameters": rope | scaled}
    scaling = file.fields.get(f"{kind}.rope.scaling.type")
    if scaling in (None, "none"):
        return {}
    factor = file.fields.get(f"{kind}.rope.scaling.factor", 1.0)
    return {"rope_parameters": rope | {"rope_type": scaling, "factor": factor}}
