"""llama.cpp's side: its own quantiser and its own logits, in a process with another Python."""

import subprocess
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

FORMATS = ("Q4_0", "Q4_K_M", "Q8_0")


class LlamaCpp:
    """llama-cpp-python in `python`, for the unquantised model in `file`."""

    def __init__(self, python: str, file: Path, threads: int) -> None:
        self.python = python
        self.file = file
        self.threads = threads

    def quantise(self, format: str, ids: torch.Tensor) -> tuple[Path, Any]:
        """Return the file in `format` and its logits [pieces, tokens, vocabulary], mapped.

        `ids` are [pieces, tokens].

        Raises:
            RuntimeError: it failed; the message ends with its last line.
        """
        tokens, logits = self.file.with_suffix(".tokens.npy"), self.file.with_suffix(".npy")
        np.save(tokens, ids.numpy())
        script = Path(__file__).with_name("llama_cpp_logits.py")
        arguments = map(str, (self.file, format, tokens, logits, self.threads))
        done = subprocess.run(
            [self.python, str(script), *arguments], capture_output=True, text=True, check=False
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"llama.cpp failed at {format}: {last}")
        quantised = Path(done.stdout.strip().splitlines()[-1])
        return quantised, torch.from_numpy(np.load(logits, mmap_mode="r+"))


def bits(file: Path) -> float:
    """Return the bits that a weight of the blocks' matrices takes in a GGUF file."""
    matrices = [
        tensor
        for tensor in gguf.GGUFReader(file).tensors
        if tensor.name.startswith("blk.") and len(tensor.shape) > 1
    ]
    size = sum(int(tensor.n_bytes) for tensor in matrices)
    return 8 * size / sum(int(tensor.n_elements) for tensor in matrices)
