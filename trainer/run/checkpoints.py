"""What a checkpoint holds, and how it is saved and read back, bit for bit.

A checkpoint is a folder with the adapter in PEFT's layout, the Trainer's optimizer, schedule,
random states and state, the best point so far where one is kept, and, if taken inside a step, the
gradients so far. The folder is whole or
not there. This module does not decide when to save or which checkpoint is the newest.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import set_peft_model_state_dict
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import TrainerState

from trainer import files

STATE = "trainer_state.json"
PARTIAL = "partial.safetensors"


@dataclass(frozen=True)
class PartialStep:
    """A step that was interrupted between two packs, in a training of one process.

    `packs` are done, with the summed `loss` (nats per label token of the whole step) and, for each
    trained parameter in the model's order, its gradient so far.
    """

    packs: int
    loss: float
    gradients: list[Tensor]


def save(loop: Any, path: Path, partial: PartialStep | None) -> None:
    """Save the state of `loop`, a Trainer, to the folder `path`; one that exists is kept.

    `partial` is the step that `loop` is inside of, None between two steps.

    Raises:
        NotWritable: the disk is full or refuses; no part of the folder stays behind.
    """
    if path.exists():
        return
    with files.whole_folder(path) as folder:
        loop.model.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        loop._save_optimizer_and_scheduler(str(folder))
        loop._save_rng_state(str(folder))
        loop.state.save_to_json(str(folder / STATE))
        if loop.best:
            loop.best.save(folder)
        if partial:
            _save_partial(partial, folder)


def _save_partial(partial: PartialStep, folder: Path) -> None:
    tensors = {
        f"{index:05d}": gradient.contiguous() for index, gradient in enumerate(partial.gradients)
    }
    metadata = {"packs": str(partial.packs), "loss": partial.loss.hex()}
    save_file(tensors, folder / PARTIAL, metadata=metadata)


def load_partial(path: Path) -> PartialStep | None:
    """Return the interrupted step in the checkpoint `path`; None if taken between two steps."""
    file = path / PARTIAL
    if not file.exists():
        return None
    tensors = load_file(file)
    with file.open("rb") as opened:  # 8 bytes of length, then a header of JSON
        header = json.loads(opened.read(int.from_bytes(opened.read(8), "little")))
    metadata = header["__metadata__"]
    gradients = [tensors[name] for name in sorted(tensors)]
    return PartialStep(int(metadata["packs"]), float.fromhex(metadata["loss"]), gradients)


def state_of(path: Path) -> TrainerState:
    """Return the Trainer's state in the checkpoint `path`."""
    return TrainerState.load_from_json(str(path / STATE))


def load_adapter(model: torch.nn.Module, path: Path) -> None:
    """Load the adapter of a checkpoint or an output folder into `model`."""
    set_peft_model_state_dict(model, load_file(path / "adapter_model.safetensors"))
