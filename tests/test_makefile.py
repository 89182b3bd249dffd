"""Setting up: where PyTorch for the CPU is looked for, and that nobody waits for it."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[1]


class Index(BaseHTTPRequestHandler):
    """A package index that has torch."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/cpu/torch/" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@contextmanager
def answering() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/cpu"
        server.shutdown()


@contextmanager
def silent() -> Iterator[str]:
    """An address that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/cpu"


def found(index: str) -> str:
    """Return what `make setup` adds to pip's arguments."""
    done = subprocess.run(
        [
            *("make", "--no-print-directory", "--silent", "--eval", "look: ; @$(FIND_CPU_WHEELS)"),
            *("look", f"BIN={Path(sys.executable).parent}", f"CPU_WHEELS={index}"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout.strip()


def test_an_index_that_answers_is_used() -> None:
    with answering() as index:
        assert found(index) == f"--extra-index-url {index}"


def test_an_index_without_torch_is_not_used() -> None:
    with answering() as index:
        assert found(f"{index}/other") == ""


def test_an_index_that_never_answers_is_given_up() -> None:
    with silent() as index:
        start = time.monotonic()
        assert found(index) == ""
        assert time.monotonic() - start > 1.5  # it was waited for, and not for ever
