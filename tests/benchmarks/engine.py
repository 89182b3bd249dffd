"""Speed and memory of the engine, also beside other engines: `python -m tests.benchmarks.engine`.

All engines have their model loaded. They take turns, and each figure is the best of several rounds,
so that other work of the machine affects them alike. Prints one table in Markdown; `--help` lists
the options.
"""

import argparse
import multiprocessing
import operator
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import torch

from tasks.engines.cpu import usable_cores
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.convert.converted import Converted
from tasks.engines.openvino.convert.packed_matrix import packed_bytes
from tasks.engines.openvino.convert.precision import matrix_formats, token_bytes
from tasks.engines.openvino.engine import kernels_in
from tasks.settings import PrecisionSetting
from tests.benchmarks.sides import Fast, LlamaCpp, Reference, Side, anonymous_bytes
from trainer.base_model.source import find, folder_to_convert

FOLLOW_UP = 32
"""Tokens of a follow-up question with what the prompt style writes around it."""
ANSWER = 100
"""Tokens of the answer before it."""


def main() -> None:
    """Measure what was asked for and print it."""
    options = _options()
    source = find(options.model)
    print(f"{source.name}, {options.threads} threads\n")
    folder = folder_to_convert(source, cache=options.cache)
    arguments = (folder, source.name, options.cache, options.precision)
    converted, seconds, peak = _converted(arguments)
    print(f"converted in {seconds:.0f} s with at most {peak / 1e9:.2f} GB anonymous memory")
    fast = Fast(converted, options.threads)
    print(f"ready in {fast.ready_seconds:.1f} s, {fast.anonymous_bytes() / 1e9:.2f} GB anonymous\n")
    sides: list[Side] = [fast]
    if options.gguf:
        sides.append(LlamaCpp(options.llama_python, options.gguf, options.threads))
    if options.reference:
        sides.append(Reference(source, options.threads))
    _table(sides, converted, options)
    if options.thread:
        _follow_up(fast, options.thread, options.rounds)
    print(f"\nafterwards {fast.anonymous_bytes() / 1e9:.2f} GB anonymous")
    fast.generator.close()


def _options() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", nargs="?", help="folder, .gguf file or hub id")
    parser.add_argument("--cache", type=Path, default=Path("~/.swallow/cache").expanduser())
    parser.add_argument("--precision", default="auto", choices=get_args(PrecisionSetting))
    parser.add_argument("--gguf", type=Path, help="the same model for llama.cpp")
    parser.add_argument("--llama-python", default="python3", help="a Python with llama-cpp-python")
    parser.add_argument("--reference", action="store_true", help="measure transformers as well")
    parser.add_argument("--prompt", type=int, default=256, help="tokens of the prompt")
    parser.add_argument("--streams", type=int, nargs="*", default=[1, 2, 4, 8, 16, 32])
    parser.add_argument(
        "--thread", type=int, default=1000, help="tokens of a thread that is asked further, or 0"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=usable_cores())
    return parser.parse_args()


def _converted(arguments: tuple[Path, str, Path, Any]) -> tuple[Converted, float, int]:
    """Convert in a process of its own; return the result, the seconds, and the peak of memory.

    The peak is in bytes of anonymous memory, sampled ten times a second.
    """
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_convert, args=arguments)
    start, peak = time.perf_counter(), 0
    process.start()
    while process.is_alive():
        try:
            peak = max(peak, anonymous_bytes(int(process.pid or 0)))
        except (OSError, IndexError):
            break
        time.sleep(0.1)
    process.join()
    return _convert(*arguments), time.perf_counter() - start, peak


def _convert(folder: Path, name: str, cache: Path, precision: Any) -> Converted:
    return convert(
        folder, name=name, cache=cache, precision=precision, kernels=lambda: kernels_in(cache)
    )


def _table(sides: list[Side], converted: Converted, options: Any) -> None:
    gops, bandwidth = int8_peak(options.threads), read_bandwidth(options.threads)
    prompt = _rounds(sides, options.rounds, operator.methodcaller("prefill", options.prompt))
    steps = {
        streams: _rounds(sides, options.rounds, operator.methodcaller("decode", streams))
        for streams in options.streams
    }
    blocks = _multiplied_per_token(converted)
    head = converted.architecture.vocabulary * converted.architecture.hidden
    # Measured before and after, because other users of the machine take changing shares of both.
    gops = max(gops, int8_peak(options.threads))
    bandwidth = max(bandwidth, read_bandwidth(options.threads))
    print(f"limits: int8 {gops / 1e9:.0f} GOPS, memory {bandwidth / 1e9:.1f} GB/s\n")
    names = [side.name for side in sides]
    ratios = [f"ratio to {name}" for name in names[1:]]
    print("| | " + " | ".join([*(f"{n} tok/s" for n in names), *ratios, "share of limit"]) + " |")
    print("|---" * (len(names) + len(ratios) + 2) + "|")
    limit = gops / (2 * blocks)
    _row(f"prompt of {options.prompt}", options.prompt, prompt, limit)
    for streams, seconds in steps.items():
        # A step reads its weights once; with many streams computing becomes the limit instead.
        read = streams * bandwidth / _read_per_step(converted, streams)
        limit = min(read, gops / (2 * (blocks + head)))
        _row(f"{streams} streams", streams, seconds, limit)
    print(
        "\nfirst token of that prompt: "
        + ", ".join(
            f"{name} {seconds:.2f} s"
            for name, seconds in zip(names, prompt, strict=True)
            if seconds
        )
    )


def _follow_up(fast: Fast, thread: int, rounds: int) -> None:
    behind_prompt = [fast.follow_up(thread, FOLLOW_UP) for _ in range(rounds)]
    # An answer is read again: see `cached_sequences`.
    behind_answer = [fast.follow_up(thread - ANSWER, ANSWER + FOLLOW_UP) for _ in range(rounds)]
    unread, read = (min(seconds) for seconds in zip(*behind_prompt, strict=True))
    print(
        f"\nfirst token of {FOLLOW_UP} tokens behind a thread of {thread}: {read:.2f} s, "
        f"{min(seconds for _, seconds in behind_answer):.2f} s where its last {ANSWER} are an "
        f"answer, {unread:.2f} s where nothing of it is cached"
    )


def _used_of_experts(converted: Converted, tokens: int) -> float:
    """Return the share of the experts that `tokens` choose, were each choice as likely."""
    experts = converted.architecture.experts
    return 1 - (1 - experts.chosen / experts.count) ** tokens if experts else 1.0


def _read_per_step(converted: Converted, tokens: int) -> float:
    """Return the bytes of weights that one step of so many tokens reads."""
    architecture, precision = converted.architecture, converted.precision
    kernels = converted.kernels is not None
    one = token_bytes(architecture, precision, kernels=kernels)
    experts = architecture.experts
    if experts is None:
        return one
    formats = matrix_formats(architecture, precision, kernels=kernels)
    all_experts = sum(
        packed_bytes(formats[name][0], shape, formats[name][1])
        for name, shape in architecture.matrices.items()
        if len(architecture.parts(name)) > 1
    )
    chosen = experts.chosen / experts.count
    return one + all_experts * (_used_of_experts(converted, tokens) - chosen)


def _multiplied_per_token(converted: Converted) -> float:
    """Return how many weights of the blocks a token is multiplied with."""
    architecture = converted.architecture
    head = architecture.vocabulary * architecture.hidden
    # Embeddings are looked up, not multiplied; of a prompt the output layer sees the last token.
    blocks = architecture.parameters - (1 if architecture.tied else 2) * head
    stacks = architecture.layers * sum(
        rows * columns for rows, columns in architecture.stacks.values()
    )
    return blocks - stacks * (1 - _used_of_experts(converted, 1))


def _rounds(
    sides: list[Side], rounds: int, measure: Callable[[Side], float | None]
) -> list[float | None]:
    """Return the best seconds of each side over `rounds` in which they take turns."""
    best: list[float | None] = [None] * len(sides)
    for _ in range(rounds):
        for index, side in enumerate(sides):
            seconds = measure(side)
            known = best[index]
            if seconds is not None:
                best[index] = seconds if known is None else min(known, seconds)
    return best


def _row(what: str, tokens: int, seconds: list[float | None], limit: float) -> None:
    rates = [tokens / s if s else None for s in seconds]
    first = rates[0] or 0.0
    cells = [f"{rate:.1f}" if rate else "–" for rate in rates]
    cells += [f"{first / rate:.2f}" if rate else "–" for rate in rates[1:]]
    print(f"| {what} | " + " | ".join([*cells, f"{first / limit:.0%}"]) + " |")


def read_bandwidth(threads: int) -> float:
    """Return the bytes per second that `threads` read from memory far larger than any cache."""
    torch.set_num_threads(1)
    blocks = [torch.ones(1 << 25) for _ in range(threads)]  # 128 MB each
    return threads * (1 << 27) / _together([block.sum for block in blocks])


def int8_peak(threads: int) -> float:
    """Return the int8 operations per second of torch's GEMM on `threads`, the best of 8 runs.

    A multiplication with its addition counts as two operations.
    """
    torch.set_num_threads(threads)
    a = torch.randint(-9, 9, (512, 4096), dtype=torch.int8)
    b = torch.randint(-9, 9, (4096, 4096), dtype=torch.int8)
    best = 1e9
    for _ in range(8):
        start = time.perf_counter()
        torch._int_mm(a, b)
        best = min(best, time.perf_counter() - start)
    return 2 * 512 * 4096 * 4096 / best


def _together(works: list[Callable[[], Any]]) -> float:
    """Run all of `works` at the same time, ten times; return the seconds of the fastest run."""
    best = 1e9
    for _ in range(10):
        threads = [threading.Thread(target=work) for work in works]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        best = min(best, time.perf_counter() - start)
    return best


if __name__ == "__main__":
    main()
