"""An adapter merged into its base model: a folder that transformers loads without PEFT.

The weights are read, changed and written one tensor at a time, so that a model of any size fits
into little memory. Knows no engine.
"""

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.errors import ModelUnsupported
from tasks.exchange.fitting import Pair, check_fits, pairs
from tasks.exchange.targets import require_free
from trainer.adapters.adapter import Adapter
from trainer.adapters.adapter_files import ABOUT
from trainer.base_model.gguf import ROTARY_FACTORS
from trainer.base_model.source import FETCHED, Source, folder_to_convert
from trainer.errors import AdapterRefused
from trainer.files import check_writable, whole_folder, write_json

if TYPE_CHECKING:
    import torch

SHARD_BYTES = 1_000_000_000
"""Bytes of tensors in one file, which are held in memory until it is written."""

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"


def export_merged(
    adapter: Adapter,
    source: Source,
    folder: Path,
    *,
    cache: Path,
    progress: Callable[[int, int], None],
) -> None:
    """Write the base model in `source` with `adapter` merged into it, its tokenizer and its
    configuration as `folder`; `progress` is called with weights done and in all.

    Each changed matrix is W + scale·B·A, computed in float32 and stored in the type of W; the
    floats of a large GGUF file become bfloat16.

    Raises:
        NotWritable: the folder is there already, or the disk is full or refuses.
        AdapterRefused: the adapter does not fit the model, or this cannot be merged into.
        ModelMissing: the model's files are not here and could not be fetched.
        ConversionFailed: they are not whole.
    """
    require_free(folder)
    check_fits(adapter, source, cache=cache)
    model = folder_to_convert(source, cache=cache)
    checkpoint = _checkpoint(model, source.name)
    changed = pairs(adapter)
    check_writable(folder.parent, needed=_bytes(checkpoint))
    with whole_folder(folder) as aside:
        _copy_about(model, aside)
        write_json(aside / ABOUT, _about(adapter))
        _write_weights(checkpoint, changed, adapter.scale, aside, progress)


def _checkpoint(model: Path, name: str) -> Checkpoint:
    try:
        checkpoint = Checkpoint(model)
    except ModelUnsupported as error:
        raise AdapterRefused(f"{name} cannot be merged into: {error}.") from error
    if checkpoint.method in ("AWQ", "compressed-tensors"):
        raise AdapterRefused(
            f"{name} is quantised ({checkpoint.method}) and cannot be merged into; "
            "merge into the model that it was made from."
        )
    return checkpoint


def _write_weights(
    checkpoint: Checkpoint,
    changed: dict[str, Pair],
    scale: float,
    folder: Path,
    progress: Callable[[int, int], None],
) -> None:
    sizes = {name: math.prod(shape) for name, shape in _shapes(checkpoint).items()}
    if missing := [name for name in changed if f"{name}.weight" not in sizes]:
        raise AdapterRefused(f"The model has no tensor {missing[0]}.weight to merge into.")
    done, total, shards = 0, sum(sizes.values()), _Shards(folder)
    for name, size in sizes.items():
        tensor = checkpoint.tensor(name)
        if pair := changed.get(name.removesuffix(".weight")):
            tensor = _merged(tensor, pair, scale)
        shards.add(name, tensor.bfloat16() if checkpoint.method == "GGUF" else tensor)
        done += size
        progress(done, total)
    shards.finish()


def _merged(weight: "torch.Tensor", pair: Pair, scale: float) -> "torch.Tensor":
    """Return the weight [out, in] with the pair's product added, in the type of the weight."""
    a, b = pair
    return weight.float().addmm(b.float(), a.float(), alpha=scale).to(weight.dtype)


class _Shards:
    """The tensors of a folder in files of at most `SHARD_BYTES`, or of one tensor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tensors: dict[str, torch.Tensor] = {}
        self._shard_of: dict[str, int] = {}
        self._shards = 0
        self._bytes = 0
        self._total = 0

    def add(self, name: str, tensor: "torch.Tensor") -> None:
        """Add a tensor; a file is written when the tensor does not fit into it any more."""
        size = tensor.numel() * tensor.element_size()
        if self._tensors and self._bytes + size > SHARD_BYTES:
            self._write()
        self._tensors[name] = tensor.contiguous()
        self._bytes += size
        self._total += size

    def finish(self) -> None:
        """Write what is left, give the files the names that transformers looks for, and an index
        where there are several."""
        self._write()
        if self._shards == 1:
            self._file(1).rename(self._folder / WEIGHTS)
            return
        names = {n: f"model-{n:05}-of-{self._shards:05}.safetensors" for n in self._numbers}
        for number, name in names.items():
            self._file(number).rename(self._folder / name)
        index = {
            "metadata": {"total_size": self._total},
            "weight_map": {tensor: names[shard] for tensor, shard in self._shard_of.items()},
        }
        (self._folder / INDEX).write_text(json.dumps(index, indent=2), encoding="utf-8")

    @property
    def _numbers(self) -> range:
        return range(1, self._shards + 1)

    def _file(self, number: int) -> Path:
        return self._folder / f"shard-{number}.safetensors"

    def _write(self) -> None:
        from safetensors.torch import save_file

        self._shards += 1
        save_file(self._tensors, self._file(self._shards), metadata={"format": "pt"})
        self._shard_of |= dict.fromkeys(self._tensors, self._shards)
        self._tensors, self._bytes = {}, 0


def _shapes(checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the tensors that a checkpoint of Hugging Face has, layer by layer."""
    shapes = {name: checkpoint.shape(name) for name in checkpoint.names() - {ROTARY_FACTORS}}
    return dict(sorted(shapes.items(), key=lambda item: _place(item[0])))


def _place(name: str) -> tuple[int, str]:
    numbers = [int(part) for part in name.split(".") if part.isdigit()]
    return (numbers[0] if numbers else -1), name


def _bytes(checkpoint: Checkpoint) -> int:
    """Return about how many bytes the merged weights take on the disk."""
    if checkpoint.method == "GGUF":
        return 2 * sum(math.prod(shape) for shape in _shapes(checkpoint).values())
    return sum(file.stat().st_size for file in checkpoint.files)


def _copy_about(model: Path, folder: Path) -> None:
    """Copy the model's configuration, tokenizer and licence."""
    patterns = [pattern for pattern in FETCHED if "safetensors" not in pattern]
    for pattern in (*patterns, "LICENSE*", "NOTICE*"):
        for file in model.glob(pattern):
            if file.is_file() and not file.name.endswith(".safetensors.index.json"):
                shutil.copyfile(file, folder / file.name)


def _about(adapter: Adapter) -> dict[str, str | None]:
    """Return what the folder says of how it was made, and of the prompts that it expects."""
    return {
        "base_model": adapter.base_model,
        "merged": f"{adapter.name}@{adapter.digest}",
        "style": adapter.style,
    }
