"""Setting up: where PyTorch for the CPU is looked for, and that nobody waits for it."""

import shutil
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


PYTHON_OF_A_SYSTEM = """#!/bin/sh
test "$2" = venv || exit 0
mkdir -p "$3/bin"
for name in python pip; do printf '#!/bin/sh\\n' >"$3/bin/$name"; chmod +x "$3/bin/$name"; done
"""
"""Makes an environment as `python3 -m venv` does once Debian's python3-venv is installed."""


def test_an_environment_that_could_not_be_finished_is_made_anew(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text(PYTHON_OF_A_SYSTEM, "utf-8")
    python.chmod(0o755)
    (tmp_path / "pyproject.toml").touch()
    left = tmp_path / ".venv/bin"  # what Debian's Python leaves without python3-venv: no pip
    left.mkdir(parents=True)
    shutil.copy(python, left / "python")

    done = subprocess.run(
        ["make", "--file", str(ROOT / "Makefile"), "setup", f"PYTHON={python}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / ".venv/.ready").exists()
