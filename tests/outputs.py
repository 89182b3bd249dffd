"""Standard outputs that take nothing: what a process writes there must neither end nor hold it."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager


@contextmanager
def full_pipe() -> Iterator[int]:
    """Give a pipe that holds all it can and is not read."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while os.write(writer, b"x" * 4096):
            pass
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


@contextmanager
def closed_pipe() -> Iterator[int]:
    """Give a pipe whose reader is gone, as that of `head` is."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def full_disk() -> Iterator[int]:
    """Give a file that takes nothing more."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


Output = Callable[[], AbstractContextManager[int]]
OUTPUTS: tuple[Output, ...] = (full_pipe, closed_pipe, full_disk)
