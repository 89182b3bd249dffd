"""How fast this machine reads its memory: the limit of one answer's tokens per second."""

import time
from concurrent.futures import ThreadPoolExecutor

PART_BYTES = 64_000_000
"""What each thread reads at a time; several times what a core's caches hold."""
ROUNDS = 4


def bytes_per_second(threads: int) -> float:
    """Return how many bytes a second `threads` threads read from memory together, now.

    The best of a few rounds, which take some tenths of a second; less is found while other
    programs use the memory.
    """
    import numpy as np

    def read(part: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> float:
        return float(part @ part)

    parts = [np.ones(PART_BYTES // 4, np.float32) for _ in range(threads)]
    seconds = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            list(pool.map(read, parts))
            seconds.append(time.perf_counter() - began)
    return threads * PART_BYTES / min(seconds)
