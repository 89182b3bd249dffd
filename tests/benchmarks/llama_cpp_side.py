"""llama.cpp for comparison: `python llama_cpp_side.py FILE THREADS`, a process with its own Python.

It reads commands from standard input, one a line, and prints the seconds each took: `prefill N`
computes a prompt of N tokens, `decode S` generates one token for each of S streams. It needs the
package llama-cpp-python and imports nothing of this project.
"""

import sys
import time
from typing import Any

import llama_cpp  # type: ignore[import-not-found]
import numpy as np

CONTEXT = 4096
START = 8
"""Tokens in each stream before the first measured step."""
STEPS = 6
"""Measured steps, of which the first is left out as warm-up."""


class Llama:
    """One loaded GGUF file."""

    def __init__(self, file: str, threads: int) -> None:
        llama_cpp.llama_backend_init()
        model = llama_cpp.llama_model_load_from_file(
            file.encode(), llama_cpp.llama_model_default_params()
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = CONTEXT
        params.n_batch = params.n_ubatch = 512
        params.n_threads = params.n_threads_batch = threads
        params.n_seq_max = 32
        params.kv_unified = True
        self.context = llama_cpp.llama_init_from_model(model, params)
        self.random = np.random.default_rng(0)

    def prefill(self, tokens: int) -> float:
        """Return the seconds that a prompt of `tokens` tokens takes."""
        self._clear()
        return self._batch(1, 0, tokens)

    def decode(self, streams: int) -> float:
        """Return the median seconds of a step that generates one token for each stream."""
        self._clear()
        self._batch(streams, 0, START)
        times = [self._batch(streams, START + step, 1) for step in range(STEPS)]
        return float(np.median(times[1:]))

    def _clear(self) -> None:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)

    def _batch(self, streams: int, position: int, each: int) -> float:
        """Return the seconds of computing `each` tokens of every stream, from `position` on."""
        batch: Any = llama_cpp.llama_batch_init(streams * each, 0, 1)
        batch.n_tokens = streams * each
        for index in range(streams * each):
            stream, step = divmod(index, each)
            batch.token[index] = int(self.random.integers(300, 30_000))
            batch.pos[index] = position + step
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = stream
            batch.logits[index] = int(step == each - 1)
        start = time.perf_counter()
        code = llama_cpp.llama_decode(self.context, batch)
        llama_cpp.llama_synchronize(self.context)
        seconds = time.perf_counter() - start
        llama_cpp.llama_batch_free(batch)
        assert code == 0, code
        return seconds


def main() -> None:
    """Load the model, print `ready`, and run commands until standard input ends."""
    llama = Llama(sys.argv[1], int(sys.argv[2]))
    llama.prefill(16)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        what, number = line.split()
        measure = llama.prefill if what == "prefill" else llama.decode
        sys.stdout.write(f"{measure(int(number))}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
