"""Builds the kernels' library with the machine's C++ compiler, once, and checks what came out.

Knows compilers and files; does not know models. Imports no OpenVINO: a worker that only asks
whether there are kernels should not load it.
"""

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tasks.engines.cpu import has
from tasks.errors import KernelsMissing

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
SOURCES = ("operations.cpp", "adapter.hpp", "blocks.hpp")
FEATURES = ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "f16c", "fma")
"""What the kernels use of the CPU, as Linux names it."""

FLAGS = (
    *("-std=c++17", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-w"),
    *(f"-m{feature.replace('_', '')}" for feature in FEATURES),
)
COMPILERS = ("g++", "c++", "clang++")
SECONDS = 300
"""What building and checking may take; three seconds are usual."""


def library(cache: Path) -> Path:
    """Return the kernels' library, built in the folder `cache` where it is not there.

    Raises:
        KernelsMissing: this CPU has no use for them, or they could not be built; the message says
            why and what to do.
    """
    file = _place(cache)
    if not file.is_file():
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        _build(_compiler(), file)
    return file


def why_not(cache: Path) -> str | None:
    """Return what keeps the kernels from being used, as far as is known without building them."""
    try:
        if not _place(cache).is_file():
            _compiler()
    except KernelsMissing as error:
        return str(error)
    return None


def _place(cache: Path) -> Path:
    """Return where the library is, or will be."""
    if missing := [feature for feature in FEATURES if not has(feature)]:
        raise KernelsMissing(f"the CPU has no {missing[0]}")
    return cache / f"kernels-{_key()}.so"


def _compiler() -> str:
    named = os.environ.get("CXX")
    for name in [named] if named else COMPILERS:
        if found := shutil.which(name):
            return found
    raise KernelsMissing("there is no C++ compiler; apt install g++ makes answers twice as fast")


def _key() -> str:
    """Return what changes with the sources or OpenVINO."""
    digest = hashlib.sha256()
    for source in SOURCES:
        digest.update((HERE / source).read_bytes())
    for fact in (*FLAGS, importlib.metadata.version("openvino"), str(_openvino())):
        digest.update(fact.encode())
    return digest.hexdigest()[:12]


def _build(compiler: str, file: Path) -> None:
    log.info("building the kernels for this CPU")
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".kernels-") as folder:
        made = Path(folder) / file.name
        _run([compiler, *FLAGS, *_paths(), "-o", str(made)], "do not compile")
        # In a process of its own: a wrong library may take down whoever loads it.
        _run([sys.executable, "-m", "tasks.kernels.check", str(made)], "compute wrongly")
        made.rename(file)


def _paths() -> list[str]:
    openvino = _openvino()
    libraries = sorted((openvino / "libs").glob("libopenvino.so*"))
    libraries += sorted((openvino / "libs").glob("libtbb.so*"))
    return [
        str(HERE / SOURCES[0]),
        *("-isystem", str(openvino / "include"), "-isystem", str(openvino / "include/tbb")),
        *map(str, libraries),
        f"-Wl,-rpath,{openvino / 'libs'}",
    ]


def _openvino() -> Path:
    spec = importlib.util.find_spec("openvino")
    if spec is None or spec.origin is None:
        raise KernelsMissing("the package openvino is not installed")
    return Path(spec.origin).parent


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KernelsMissing(f"the kernels {what} here ({error})") from error
    if done.returncode:
        log.warning("the kernels %s: %s", what, done.stderr.strip()[-2000:])
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        why = next((line for line in lines if "error" in line), lines[-1])
        raise KernelsMissing(f"the kernels {what} here ({why[:200]})")
