"""Quality beside size and speed: `python -m tests.benchmarks.quality MODEL`.

Each format's mean divergence from the fp32 model over Japanese and English text, in nats a token,
how often its likeliest token is the fp32 model's, and its perplexity. `bits` are those a weight of
the blocks' matrices takes; `size` is that of all weights, embeddings and output layer included.
`--off-grid` moves the model off the grid that its weights lie on first (`off_grid.py`).

`--unpacked` computes ours in float32 from the weights in our kernels' format, on a CPU that may
not run them; what is left out is that the kernels round a layer's inputs to 8 bits. `--adapter`
compares so too, every format with the adapter's products added, to fp32 with the same. `--group N`
measures so the format of OpenVINO's kernels, with one scale for N weights (4.125 bits at 128).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tasks.engines.cpu import usable_cores
from tasks.engines.openvino.convert import precision as precisions
from tasks.engines.openvino.convert.architecture import read_architecture
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.conversion import convert, planned
from tasks.engines.openvino.convert.precision import DEFAULT_QUALITY, QUALITIES
from tasks.engines.openvino.engine import kernels_in
from tests.benchmarks import sides
from tests.benchmarks.quality import ours, peer, weights
from tests.benchmarks.quality.gguf_file import write_gguf
from tests.benchmarks.quality.measures import Loss, loss, together
from tests.benchmarks.quality.off_grid import moved
from tests.benchmarks.quality.texts import pieces
from trainer.adapters.adapter import read as read_adapter
from trainer.base_model.source import find, local_folder
from trainer.base_model.tokenizer import load_tokenizer

PRECISIONS = (*QUALITIES, "int8")

COLUMNS = (
    "format",
    "bits",
    "size_gb",
    "kl",
    "kl_en",
    "kl_ja",
    "top1",
    "perplexity",
    "prompt",
    "one",
)


def main() -> None:
    options = _options()
    torch.set_num_threads(options.threads)
    if options.group:
        precisions.INT4_GROUPS = (options.group,)
    options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        table = _Table(options, Path(folder))
        for precision in options.formats:
            unpacked = options.unpacked or options.adapter or options.group
            (table.unpacked if unpacked else table.ours)(precision)
        if options.llama_python and not options.adapter:
            table.llama_cpp()


class _Table:
    """The rows, printed as they are measured."""

    def __init__(self, options: Any, work: Path) -> None:
        self.options = options
        self.work = work
        source = find(options.model)
        self.name = source.name
        self.folder = local_folder(source, cache=options.work)
        if options.off_grid:
            self.folder = moved(self.folder, work / f"{source.name}-off-grid")
        self.texts = pieces(load_tokenizer(source, cache=options.work), options.tokens)
        self.ids = torch.cat(list(self.texts.values()))
        self.adapter = read_adapter(options.adapter) if options.adapter else None
        self.exact = self._exact(work / "exact.npy")
        if not options.json:
            print(f"{source.name}, {self.ids.numel()} tokens\n")
            print("| " + " | ".join(COLUMNS) + " |")
            print("|---" * len(COLUMNS) + "|", flush=True)
        self._row("fp32", {"bits": 32.0}, self.exact)

    def _exact(self, file: Path) -> Any:
        """Return the fp32 model's logits [pieces, tokens, vocabulary], mapped from `file`."""
        checkpoint = Checkpoint(self.folder)
        rows = weights.logits(checkpoint, self._adapted(checkpoint.tensor), self.ids)
        shape = (*self.ids.shape, read_architecture(checkpoint.config).vocabulary)
        out = np.lib.format.open_memmap(file, "w+", np.float32, shape)
        for row, piece in enumerate(rows):
            out[row] = piece.numpy()
        return torch.from_numpy(out)

    def _adapted(self, weight: weights.Weight) -> weights.Weight:
        return weights.with_adapter(weight, self.adapter) if self.adapter else weight

    def unpacked(self, precision: Any) -> None:
        """Pack with `precision`, measure the weights and print a row."""
        cache = self.work / "unpacked"
        kernels = not self.options.group
        target = planned(
            self.folder, name=self.name, cache=cache, precision=precision, kernels=kernels
        )
        checkpoint = Checkpoint(self.folder)
        start = time.perf_counter(), time.process_time()
        weight = weights.packed(checkpoint, target)
        facts: dict[str, Any] = {
            "bits": ours.bits(target),
            "default": precision == DEFAULT_QUALITY,
            "seconds": time.perf_counter() - start[0],
            "cpu_seconds": time.process_time() - start[1],
        }
        logits = weights.logits(checkpoint, self._adapted(weight), self.ids)
        self._row(f"ours:{precision}", facts, logits)

    def ours(self, precision: Any) -> None:
        """Convert with `precision`, measure and print a row."""
        options = self.options
        converted = convert(
            self.folder,
            name=self.name,
            cache=self.work / "converted",
            precision=precision,
            kernels=lambda: kernels_in(options.work),
        )
        facts: dict[str, Any] = {
            "bits": ours.bits(converted),
            "size_gb": ours.size(converted) / 1e9,
            "default": precision == DEFAULT_QUALITY,
            "kernels": converted.kernels is not None,
        }
        if options.speed:
            fast = sides.Fast(converted, options.threads)
            facts |= _speed(fast)
            fast.generator.close()
        self._row(f"ours:{precision}", facts, ours.logits(converted, self.ids))

    def llama_cpp(self) -> None:
        """Measure llama.cpp's formats and print their rows."""
        python, threads = self.options.llama_python, self.options.threads
        file = write_gguf(self.folder, self.work / "model.gguf")
        side = peer.LlamaCpp(python, file, threads)
        for format in peer.FORMATS:
            quantised, logits = side.quantise(format, self.ids)
            size = quantised.stat().st_size / 1e9
            facts = {"bits": peer.bits(quantised), "size_gb": size}
            if self.options.speed:
                speed = sides.LlamaCpp(python, quantised, threads)
                facts |= _speed(speed)
                speed.close()
            self._row(format, facts, logits)
            quantised.unlink()

    def _row(self, format: str, facts: dict[str, Any], logits: Iterable[torch.Tensor]) -> None:
        rest = iter(logits)
        losses: dict[str, Loss] = {}
        start = 0
        for language, ids in self.texts.items():
            end = start + len(ids)
            piecewise = (next(rest) for _ in ids)
            losses[language] = loss(self.exact[start:end], piecewise, ids)
            start = end
        whole = together(list(losses.values()))
        row = {"format": format, **facts, "kl": whole.kl, "top1": whole.top1}
        row |= {"perplexity": whole.perplexity}
        row |= {f"kl_{language}": one.kl for language, one in losses.items()}
        if self.options.json:
            print(json.dumps(row), flush=True)
        else:
            print("| " + " | ".join(_cell(row.get(name)) for name in COLUMNS) + " |", flush=True)


def _speed(side: Any) -> dict[str, float]:
    """Return tokens a second of a prompt of 256 tokens, and of one stream."""
    seconds = min(side.prefill(256) for _ in range(2))
    step = side.decode(1)
    assert step is not None
    return {"prompt": 256 / seconds, "one": 1 / step}


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else f"{value:.4g}"


def _options() -> Any:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", help="folder, .gguf file or hub id")
    parser.add_argument("--off-grid", action="store_true", help="move the weights off their grid")
    parser.add_argument("--llama-python", metavar="PYTHON", help="a Python with llama-cpp-python")
    parser.add_argument("--unpacked", action="store_true", help="our formats without the kernels")
    parser.add_argument("--group", type=int, metavar="N", help="OpenVINO's format, groups of N")
    parser.add_argument("--adapter", type=Path, metavar="FOLDER", help="add an adapter to each")
    parser.add_argument("--json", action="store_true", help="print one JSON object a format")
    parser.add_argument("--formats", nargs="*", default=PRECISIONS, choices=PRECISIONS)
    parser.add_argument("--tokens", type=int, default=2048, help="tokens of each language")
    parser.add_argument("--no-speed", dest="speed", action="store_false", help="leave out speed")
    parser.add_argument("--threads", type=int, default=usable_cores())
    default = Path("~/.swallow/cache").expanduser()
    parser.add_argument("--work", type=Path, default=default, help="folder for what is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
