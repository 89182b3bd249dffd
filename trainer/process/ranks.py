"""The processes of one training, as torchrun starts them; most trainings have only one.

This module knows ranks and how they agree on a value; it does not know what is trained.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from trainer.process import standard_output

Value = TypeVar("Value")


@dataclass(frozen=True)
class Processes:
    """This process's `rank`, from 0, among `count` processes, of which `local` run on this host."""

    rank: int = 0
    count: int = 1
    local: int = 1

    @property
    def first(self) -> bool:
        """Whether this process reports and writes files for all."""
        return self.rank == 0

    def agree(self, value: Value) -> Value:
        """Return the first process's `value` in every process; all must call this."""
        if self.count == 1:
            return value
        import torch.distributed

        values = [value]
        torch.distributed.broadcast_object_list(values, src=0)
        return values[0]


def current() -> Processes:
    """Return this process's place as torchrun set it in the environment; without torchrun, one."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return Processes(int(os.environ.get("RANK", "0")), count, local)


@contextmanager
def joined(processes: Processes) -> Iterator[None]:
    """Connect the processes over gloo for the length of the block; a single one needs nothing."""
    if processes.count == 1:
        yield
        return
    import torch.distributed

    torch.distributed.init_process_group("gloo")
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def leave(code: int) -> NoReturn:
    """End this process with `code`; one of several skips the interpreter's shutdown.

    gloo's threads may still hold tensors, and freeing them while the interpreter shuts down aborts
    the process (seen in two of twelve exits).
    """
    if current().count > 1:
        standard_output.end()
        os._exit(code)
    raise SystemExit(code)


def cores(processes: Processes) -> int:
    """Return how many cores this process may use: an equal part of those of this host."""
    return max(1, len(os.sched_getaffinity(0)) // processes.local)
