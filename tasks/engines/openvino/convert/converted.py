"""The folder of a converted model in the cache: made once, by one process, whole or absent.

Does not know how a graph is built or what serves it.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.engines.openvino.convert.architecture import Architecture, read_architecture
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.packed import Packed
from tasks.engines.openvino.convert.parts import Parts
from tasks.engines.openvino.convert.plan import (
    Precision,
    Wanted,
    choose_precision,
    plan,
    planned_bytes,
    suits_kernels,
)
from tasks.errors import ConversionFailed, ModelUnsupported
from trainer.file_lock import locked
from trainer.files import sync_file

log = logging.getLogger(__name__)

VERSION = 1
"""Raised whenever the same checkpoint would become another graph."""

MODEL, WEIGHTS, ABOUT = "openvino_model.xml", "openvino_model.bin", "about.json"

SPARE_BYTES = 200_000_000
"""Room left on the disk, for the norms, the graph's text and whoever else writes."""

Progress = Callable[[int, int], None]
"""Told how many of how many weights are packed."""


@dataclass(frozen=True)
class Converted:
    """A converted model: its folder, what it is, how many bits its weights have, and the library
    of kernels that its graph needs, if any."""

    folder: Path
    architecture: Architecture
    precision: Precision
    kernels: Path | None = None


def convert(
    folder: Path,
    *,
    name: str,
    cache: Path,
    wanted: Wanted = "auto",
    kernels: Callable[[], Path | None] = lambda: None,
    progress: Progress = lambda done, total: None,
) -> Converted:
    """Return the converted model of the checkpoint in `folder`, made under `cache` where absent.

    `name` only makes the folder's name readable. `kernels` is asked for the library of our own
    ones where they can compute the model. Another process that converts the same is waited
    for; what an interrupted one had packed is used.

    Raises:
        ModelUnsupported: the graph cannot express this model.
        ConversionFailed: the checkpoint is not whole, or the disk has no room.
    """
    checkpoint = Checkpoint(folder)
    made = _planned(checkpoint, name, cache, wanted, kernels)
    if _is_whole(made.folder):
        return made
    cache.mkdir(parents=True, exist_ok=True, mode=0o700)
    waiting = "another process is converting this model; waiting for it"
    with locked(cache / f".{made.folder.name}.lock", on_wait=partial(log.info, waiting)):
        if not _is_whole(made.folder):
            _Conversion(checkpoint, made, progress).run()
            _remove_outdated(made, checkpoint)
    return made


def bytes_needed(folder: Path, *, name: str, cache: Path, wanted: Wanted, kernels: bool) -> int:
    """Return how many free bytes converting takes, 0 where it is done; the rest as for `convert`.

    `kernels` says whether there would be a library of them.
    """
    checkpoint = Checkpoint(folder)
    made = _planned(checkpoint, name, cache, wanted, lambda: Path() if kernels else None)
    return 0 if _is_whole(made.folder) else _size(made)


def _planned(
    checkpoint: Checkpoint,
    name: str,
    cache: Path,
    wanted: Wanted,
    kernels: Callable[[], Path | None],
) -> Converted:
    """Return what the checkpoint becomes, whether it is there or not."""
    architecture = read_architecture(checkpoint.config)
    if any(tensor.endswith(".bias") for tensor in checkpoint.names()):
        raise ModelUnsupported("its linear layers have a bias")
    precision = choose_precision(architecture, wanted)
    used = kernels() if suits_kernels(architecture, precision) else None
    key = _key(checkpoint, precision, kernels=used is not None)
    return Converted(cache / f"{name}-{precision}-{key}", architecture, precision, used)


def _size(made: Converted) -> int:
    # Packed parts and the graph's weights are both there before the parts are removed.
    return 2 * planned_bytes(made.architecture, made.precision) + SPARE_BYTES


class _Conversion:
    """One conversion, by the one process that holds the lock."""

    def __init__(self, checkpoint: Checkpoint, made: Converted, progress: Progress) -> None:
        self.checkpoint = checkpoint
        self.made = made
        self.progress = progress
        self.plan = plan(made.architecture, made.precision, kernels=made.kernels is not None)
        self.aside = made.folder.with_name(f".{made.folder.name}.part")
        self.total = made.architecture.parameters
        self.done = 0

    def run(self) -> None:
        try:
            self._check()
            self._write()
        except OSError as error:
            raise self._failed(error.strerror or str(error)) from error
        except RuntimeError as error:  # what OpenVINO raises when it cannot write
            raise self._failed(str(error).strip().splitlines()[-1]) from error

    def _check(self) -> None:
        shapes = self.made.architecture.matrices
        norms = dict.fromkeys(_norms(self.made.architecture), (self.made.architecture.hidden,))
        self.checkpoint.check({f"{name}.weight": shape for name, shape in (shapes | norms).items()})
        needed = _size(self.made) - Parts(self.aside / "parts").bytes()
        free = shutil.disk_usage(self.aside).free
        if free < needed:
            raise ConversionFailed(
                f"Converting the model takes {needed / 1e9:.1f} GB in {self.aside.parent} and "
                f"{free / 1e9:.1f} GB are free; free some space or set SWALLOW_HOME."
            )

    def _write(self) -> None:
        from tasks.engines.openvino.convert import graph

        parts = Parts(self.aside / "parts")
        packed = {name: parts.get(name, partial(self._pack, name)) for name in self._each()}
        file = self.aside / MODEL
        graph.write(self.made.architecture, packed.__getitem__, self._norm, file, self.made.kernels)
        packed.clear()
        self._seal(file)

    def _each(self) -> Iterator[str]:
        """Give the matrices' names in turn, telling the progress in between."""
        for name, (rows, columns) in self.made.architecture.matrices.items():
            self.progress(self.done, self.total)
            yield name
            self.done += rows * columns
        self.progress(self.total, self.total)

    def _pack(self, name: str) -> Packed:
        from tasks.engines.openvino.convert.quantise import pack

        format, group = self.plan[name]
        weight = self.checkpoint.tensor(f"{name}.weight")
        if not weight.isfinite().all():
            raise ConversionFailed(f"{name} in {self.checkpoint.folder} has weights like NaN.")
        return pack(weight, format, group)

    def _norm(self, name: str) -> NDArray[np.float32]:
        weights: NDArray[np.float32] = self.checkpoint.tensor(f"{name}.weight").float().numpy()
        return weights

    def _seal(self, file: Path) -> None:
        """Note the sizes, wait for the disk, and let the folder appear."""
        weights = self.aside / WEIGHTS
        if weights.stat().st_size < planned_bytes(self.made.architecture, self.made.precision):
            raise self._failed("the weights came out too short")
        sizes = {written.name: written.stat().st_size for written in (file, weights)}
        about = {
            "files": sizes,
            "source": str(self.checkpoint.folder),
            "version": VERSION,
            "kernels": self.made.kernels is not None,
        }
        (self.aside / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        for written in (file, weights, self.aside / ABOUT):
            sync_file(written)
        shutil.rmtree(self.aside / "parts")
        shutil.rmtree(self.made.folder, ignore_errors=True)
        self.aside.rename(self.made.folder)

    def _failed(self, why: str) -> ConversionFailed:
        return ConversionFailed(
            f"The model could not be converted in {self.aside.parent} ({why}); "
            "free some space, then try again: what is packed already is kept."
        )


def _norms(architecture: Architecture) -> list[str]:
    kinds = ("input_layernorm", "post_attention_layernorm")
    layers = range(architecture.layers)
    return [f"model.layers.{layer}.{kind}" for layer in layers for kind in kinds] + ["model.norm"]


def _key(checkpoint: Checkpoint, precision: Precision, *, kernels: bool) -> str:
    facts: list[Any] = [checkpoint.identity, precision, VERSION]
    if kernels:
        facts.append("kernels")
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def _is_whole(folder: Path) -> bool:
    """Tell whether `folder` holds a conversion with files of the sizes they were written in."""
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        return all((folder / n).stat().st_size == size for n, size in about["files"].items())
    except (OSError, ValueError, KeyError, AttributeError):
        return False


def _remove_outdated(made: Converted, checkpoint: Checkpoint) -> None:
    """Remove what the same source was converted to before its files or the converter changed.

    With and without our kernels are two kinds: another process may serve the other one, on a
    machine with another CPU that shares this cache.
    """
    kind = made.folder.name.rpartition("-")[0]
    for other in made.folder.parent.glob(f"{kind}-*"):
        if other == made.folder or not (other / ABOUT).is_file():
            continue
        about = json.loads((other / ABOUT).read_text("utf-8"))
        if about.get("kernels", False) != (made.kernels is not None):
            continue
        if about.get("source") == str(checkpoint.folder):
            log.info("removing the outdated conversion %s", other.name)
            shutil.rmtree(other, ignore_errors=True)
