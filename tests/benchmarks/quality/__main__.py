"""Quality beside size and speed: `python -m tests.benchmarks.quality MODEL`.

Each format's mean divergence from the fp32 model over Japanese and English text, in nats a token,
how often its likeliest token is the fp32 model's, and its perplexity. `bits` are those a weight of
the blocks' matrices takes; `size` is that of all weights, embeddings and output layer included.
`--off-grid` moves the model off the grid that its weights lie on first (`off_grid.py`).
"""

import argparse
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from tasks.engines.cpu import usable_cores
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.engine import kernels_in
from tests.benchmarks import sides
from tests.benchmarks.quality import ours, peer
from tests.benchmarks.quality.gguf_file import write_gguf
from tests.benchmarks.quality.measures import Loss, loss, together
from tests.benchmarks.quality.off_grid import moved
from tests.benchmarks.quality.texts import pieces
from trainer.base_model.source import find, local_folder
from trainer.base_model.tokenizer import load_tokenizer

PRECISIONS = ("int4", "int8")
DEFAULT = "int4"

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
    options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.work) as folder:
        table = _Table(options, Path(folder))
        for precision in options.formats:
            table.ours(precision)
        if options.llama_python:
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
        self.exact = ours.exact_logits(self.folder, self.ids, work / "exact.npy")
        if not options.json:
            print(f"{source.name}, {self.ids.numel()} tokens\n")
            print("| " + " | ".join(COLUMNS) + " |")
            print("|---" * len(COLUMNS) + "|", flush=True)
        self._row("fp32", {"bits": 32.0}, self.exact)

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
            "default": precision == DEFAULT,
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
