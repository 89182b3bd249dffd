"""The engines that the benchmark compares, each with the same two measurements.

Prefill is computing a prompt, decode is one step in which every stream gets a token.
"""

import subprocess
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from tasks.engines.openvino.convert.converted import Converted
from tasks.engines.openvino.generator_client import Generator, RequestHandle
from tasks.engines.openvino.messages import Request
from tasks.engines.openvino.serving import pipeline_spec
from trainer.base_model.load import load_model
from trainer.base_model.source import Source

START, STEPS = 8, 12
"""Tokens in each stream before the first measured step, and the number of measured steps."""


class Side(Protocol):
    """One engine with its model loaded."""

    name: str

    def prefill(self, tokens: int) -> float:
        """Return the seconds from sending a prompt of `tokens` tokens to the first new token."""

    def decode(self, streams: int) -> float | None:
        """Return the seconds of a step in which every stream gets a token, the median of several.

        None where the engine cannot run so many streams.
        """


class Fast:
    """The openvino engine's generating process as a worker runs it, with its adapter slots."""

    name = "openvino"

    def __init__(self, converted: Converted, threads: int | None) -> None:
        self.vocabulary = converted.architecture.vocabulary
        self.generator = Generator(pipeline_spec(converted, threads=threads, parallel=32))
        start = time.perf_counter()
        self.generator.wait_until_ready()
        self.ready_seconds = time.perf_counter() - start
        self._random = np.random.default_rng(0)

    def prefill(self, tokens: int) -> float:
        return self._seconds(self._prompt(tokens))

    def follow_up(self, thread: int, new: int) -> tuple[float, float]:
        """Return the seconds to the first token of `new` tokens behind a thread of `thread` tokens.

        The first figure is that of a thread of which nothing is cached, the second that of one
        that was read before.
        """
        read = self._prompt(thread)
        before = self._seconds(read + self._prompt(new))
        return before, self._seconds(read + self._prompt(new))

    def decode(self, streams: int) -> float | None:
        runs = [self._ask(self._prompt(START), STEPS + streams) for _ in range(streams)]
        for run in runs:  # each one's first token, after which all prompts are computed
            run.tokens.get()
        # A step gives one token to every stream in the order of asking, so that the last stream's
        # token marks the end of a step.
        times = []
        for _ in range(STEPS):
            start = time.perf_counter()
            runs[-1].tokens.get()
            times.append(time.perf_counter() - start)
        for run in runs:
            run.cancel()
        return float(np.median(times[1:]))

    def anonymous_bytes(self) -> int:
        """Return the generating process's anonymous memory."""
        assert self.generator.pid is not None
        return anonymous_bytes(self.generator.pid)

    def _seconds(self, ids: list[int]) -> float:
        """Return the seconds from sending a prompt to its first new token."""
        start = time.perf_counter()
        _wait(self._ask(ids, 1))
        return time.perf_counter() - start

    def _prompt(self, tokens: int) -> list[int]:
        return [int(id) for id in self._random.integers(300, self.vocabulary, tokens)]

    def _ask(self, ids: list[int], new: int) -> RequestHandle:
        return self.generator.submit(lambda id: Request(id, ids, new, [self.vocabulary - 1]))


class LlamaCpp:
    """llama.cpp in a process of its own, possibly with another Python."""

    name = "llama.cpp"

    def __init__(self, python: str, file: Path, threads: int) -> None:
        script = Path(__file__).with_name("llama_cpp_side.py")
        self._process = subprocess.Popen(
            [python, str(script), str(file), str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._line() == "ready"

    def prefill(self, tokens: int) -> float:
        return self._measure(f"prefill {tokens}")

    def decode(self, streams: int) -> float | None:
        return self._measure(f"decode {streams}")

    def close(self) -> None:
        self._process.kill()

    def _measure(self, what: str) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return float(self._line())

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            raise RuntimeError("llama.cpp ended; is llama-cpp-python installed there?")
        return line


class Reference:
    """The model of the transformers engine, which runs one stream."""

    name = "transformers"

    def __init__(self, source: Source, threads: int) -> None:
        torch.set_num_threads(threads)
        self.model: Any = load_model(source)
        self.vocabulary = int(self.model.config.vocab_size)

    @torch.inference_mode()
    def prefill(self, tokens: int) -> float:
        ids = torch.randint(300, self.vocabulary, (1, tokens))
        start = time.perf_counter()
        self.model(ids, logits_to_keep=1)
        return time.perf_counter() - start

    @torch.inference_mode()
    def decode(self, streams: int) -> float | None:
        if streams > 1:
            return None
        cache = self.model(torch.randint(300, self.vocabulary, (1, START))).past_key_values
        times = []
        for _ in range(4):
            start = time.perf_counter()
            self.model(torch.tensor([[300]]), past_key_values=cache)
            times.append(time.perf_counter() - start)
        return float(np.median(times[1:]))


def _wait(run: RequestHandle) -> None:
    last = False
    while not last:
        _, last, error = run.tokens.get()
        if error is not None:
            raise error


def anonymous_bytes(pid: int) -> int:
    """Return `RssAnon` of a process in bytes: memory that the kernel cannot drop and read again."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("RssAnon:")[1].split()[0]) * 1024
