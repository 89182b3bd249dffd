"""Builds the kernels' library with the machine's C++ compiler, once, and checks what came out.

Beside the library lies its digest: what is not whole is built again. Knows compilers and files;
does not know models. Imports no OpenVINO: who only asks whether there are kernels need not load it.
"""

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tasks.errors import KernelsMissing
from trainer.cpu import cpu_flags
from trainer.file_lock import locked
from trainer.files import sync_file

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
"""What building and checking may take each; three seconds together are usual."""

WRONG, UNLOADABLE = 1, 2
"""How `check` ends where it does not end with 0."""


def library(cache: Path) -> Path:
    """Return the kernels' library, built in the folder `cache` where it is not there.

    Raises:
        KernelsMissing: this CPU has no use for them, or they could not be built; the message says
            why and what to do.
    """
    place = _Place(cache)
    if place.is_whole():
        return place.library
    try:
        place.cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(place.library.with_suffix(".lock")):
            if not place.is_whole():
                place.make()
    except OSError as error:
        why = error.strerror or str(error)
        raise KernelsMissing(f"they cannot be built in {place.cache} ({why})") from error
    return place.library


def why_not(cache: Path) -> str | None:
    """Return what keeps the kernels from being used, as far as is known without building them."""
    try:
        place = _Place(cache)
        if place.is_whole():
            return None
        if place.failure.is_file():
            return place.failure.read_text("utf-8", errors="replace")
        _compiler()
    except (KernelsMissing, OSError) as error:
        return str(error)
    return None


def explain(cache: Path) -> str:
    """Say whether the kernels are used, as the end of a sentence."""
    if (why := why_not(cache)) is not None:
        return f"without our kernels: {why}"
    built = _Place(cache).is_whole()
    return "with our kernels" if built else "with our kernels, which the next start builds"


class _Place:
    """Where one version's library is, or will be, with its digest and the last failure.

    Raises:
        KernelsMissing: this CPU, or this installation, has no use for it.
    """

    def __init__(self, cache: Path) -> None:
        flags = cpu_flags()
        if missing := [feature for feature in FEATURES if feature not in flags]:
            raise KernelsMissing(f"the CPU has no {missing[0]}")
        # Loaded twice, by OpenVINO and by us, which must be by the same name.
        self.cache = cache.resolve()
        self.library = self.cache / f"kernels-{_key()}.so"
        self.digest = self.library.with_suffix(".sha256")
        self.failure = self.library.with_suffix(".failed")

    def is_whole(self) -> bool:
        """Tell whether the library is there as it was built."""
        try:
            return self.digest.read_text("ascii") == _digest(self.library)
        except (OSError, UnicodeDecodeError):
            return False

    def make(self) -> None:
        """Build, check, and let the library appear; only one process may be here."""
        compiler = _compiler()
        log.info("building the kernels for this CPU")
        aside = self.library.with_suffix(".part")
        shutil.rmtree(aside, ignore_errors=True)  # of one that was killed
        aside.mkdir()
        try:
            made = aside / self.library.name
            _compile(compiler, made)
            _check(made)
            sync_file(made)
            self.digest.write_text(_digest(made), "ascii")
            made.rename(self.library)
            self.failure.unlink(missing_ok=True)
        except KernelsMissing as error:
            self.failure.write_text(str(error), "utf-8")  # for the doctor
            raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _key() -> str:
    """Return what changes with the sources, OpenVINO and the system's C library."""
    try:
        facts = [*FLAGS, importlib.metadata.version("openvino"), str(_openvino())]
        parts = [(HERE / source).read_bytes() for source in SOURCES]
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise KernelsMissing(f"the installation is not whole ({error})") from error
    facts += platform.libc_ver()
    return hashlib.sha256(b"\0".join([*parts, *map(str.encode, facts)])).hexdigest()[:12]


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _compiler() -> list[str]:
    """Return the command that compiles C++: `CXX`, which may have arguments, or what is there."""
    if named := shlex.split(os.environ.get("CXX", "")):
        if shutil.which(named[0]):
            return named
        raise KernelsMissing(f"there is no {named[0]}, which CXX names")
    for name in COMPILERS:
        if found := shutil.which(name):
            return [found]
    raise KernelsMissing("there is no C++ compiler; apt install g++ makes answers twice as fast")


def _compile(compiler: list[str], file: Path) -> None:
    openvino = _openvino()
    libraries = sorted((openvino / "libs").glob("libopenvino.so*"))
    libraries += sorted((openvino / "libs").glob("libtbb.so*"))
    paths = [
        str(HERE / SOURCES[0]),
        *("-isystem", str(openvino / "include"), "-isystem", str(openvino / "include/tbb")),
        *map(str, libraries),
        *("-Xlinker", "-rpath", "-Xlinker", str(openvino / "libs")),
    ]
    done = _run([*compiler, *FLAGS, *paths, "-o", str(file)])
    if done.returncode:
        raise KernelsMissing(f"they do not compile here ({_reason(done)})")


def _check(file: Path) -> None:
    # In a process of its own: a wrong library may take down whoever loads it.
    done = _run([sys.executable, "-m", "tasks.engines.openvino.kernels.check", str(file)])
    if done.returncode == UNLOADABLE:
        raise KernelsMissing(f"they cannot be loaded from {file.parent.parent} ({_reason(done)})")
    if done.returncode:
        raise KernelsMissing(f"they compute wrongly here ({_reason(done)})")


def _openvino() -> Path:
    spec = importlib.util.find_spec("openvino")
    if spec is None or spec.origin is None:
        raise KernelsMissing("the package openvino is not installed")
    return Path(spec.origin).parent


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise KernelsMissing(f"they were not built in {SECONDS} s") from error


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the line of what was said that tells the most."""
    log.warning("%s", done.stderr.strip()[-2000:])
    lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
    return next((line for line in lines if "error" in line.lower()), lines[-1])[:200]
