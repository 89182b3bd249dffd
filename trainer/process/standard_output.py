"""Standard output and error that never stop the process which writes to them.

A closed pipe or a full disk raises an error in whatever prints next; a full pipe that nobody reads
holds it for ever, and with it every thread that logs. After `never_block` both lead into a pipe of
this process, also for its children. Threads empty it and pass on what arrives, as long as that can
be written; what cannot is dropped. This module does not know what is written.
"""

import atexit
import os
import sys
import threading
from contextlib import suppress
from queue import Full, Queue
from select import select

PIECE = 1 << 16
"""Bytes passed on at once."""
WAITING_PIECES = 256
"""What may wait for a slow reader; most pieces are one line."""
END_SECONDS = 2.0
"""How long a process that ends waits for its last lines to be written."""

_relays: dict[int, "_Relay"] = {}


def never_block(*, terminals: bool = True) -> None:
    """Put this process's standard output and error behind relays; repeats do nothing.

    What is behind a relay is no terminal to other modules, which should ask `is_terminal`. Without
    `terminals` those are left alone: for a progress bar, whose user is there.
    """
    _open_closed()
    for descriptor in (1, 2):
        if descriptor not in _relays and (terminals or not os.isatty(descriptor)):
            _relays[descriptor] = _Relay(descriptor)


def is_terminal(descriptor: int) -> bool:
    """Tell whether what is written to standard output (1) or error (2) appears in a terminal."""
    relay = _relays.get(descriptor)
    return os.isatty(descriptor if relay is None else relay.target)


def end() -> None:
    """Pass on what was written so far, for a few seconds at most, and remove the relays."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):  # None where it was closed from the start
            stream.flush()
    for relay in _relays.values():
        relay.end()
    _relays.clear()


atexit.register(end)


class _Relay:
    """What is written to one descriptor goes through a pipe and a queue to `target`, where it led
    before."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.target = os.dup(descriptor)
        self._pipe, write_end = os.pipe()
        os.dup2(write_end, descriptor)
        os.close(write_end)
        self._ended, self._end = os.pipe()
        self._pieces: Queue[bytes] = Queue(WAITING_PIECES)
        self._dropped = False
        threading.Thread(target=self._receive, name="output", daemon=True).start()
        self._passing_on = threading.Thread(target=self._pass_on, name="output", daemon=True)
        self._passing_on.start()

    def end(self) -> None:
        os.dup2(self.target, self._descriptor)
        os.close(self._end)
        self._passing_on.join(END_SECONDS)

    def _receive(self) -> None:
        """Empty the pipe, whatever becomes of what was in it, until it is empty after `end`."""
        while self._pipe in select([self._pipe, self._ended], [], [])[0]:
            piece = os.read(self._pipe, PIECE)
            if not piece:
                break
            try:
                self._pieces.put_nowait(piece)
            except Full:
                self._dropped = True
        self._pieces.put(b"")

    def _pass_on(self) -> None:
        while piece := self._pieces.get():
            if self._dropped:
                self._dropped = False
                self._write(b"\n(output was dropped here: nobody read it)\n")
            self._write(piece)

    def _write(self, piece: bytes) -> None:
        """Write all of it, or as much as is taken before the reader goes or the disk is full."""
        with suppress(OSError):
            while piece:
                piece = piece[os.write(self.target, piece) :]


def _open_closed() -> None:
    """Open each standard descriptor that is closed, or the next file to be opened would get it."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # the lowest free one, which is this one
            os.open(os.devnull, os.O_RDWR)
