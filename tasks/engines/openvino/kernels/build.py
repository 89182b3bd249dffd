"""Builds the kernels' library with the machine's C++ compiler, once, and checks the result.

Its digest is stored beside the library; one that is not whole is built again. Knows compilers and
files, not models. Imports no OpenVINO: the doctor only asks whether there are kernels.
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
from trainer.files import make_private, sync_file

log = logging.getLogger(__name__)

SOURCE = Path(__file__).parent / "source"
MAIN = "operations.cpp"
"""The file that is compiled; it includes the others."""

AVX2 = ("avx2", "f16c", "fma")
AVX512 = ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni", "f16c", "fma")
"""CPU features that the kernels use, as Linux names them: these where the CPU has all of them, else
those of AVX2."""

FLAGS = ("-std=c++17", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-w")
COMPILERS = ("g++", "c++", "clang++")
TIMEOUT_SECONDS = 1200
"""For building and for checking; together they usually take ten seconds, and a hundred times as
long where other programs take the cores."""

EXIT_WRONG, EXIT_UNLOADABLE = 1, 2
"""Exit codes of `check` for wrong results and for a library that cannot be loaded."""


def library(cache: Path) -> Path:
    """Return the kernels' library, built first where `cache` does not hold it.

    Raises:
        KernelsMissing: this CPU cannot run them, or they could not be built; the message says why.
    """
    files = _LibraryFiles(cache)
    if files.is_whole():
        return files.library
    try:
        make_private(files.cache)
        with locked(files.library.with_suffix(".lock")):
            if not files.is_whole():
                files.build()
    except OSError as error:
        why = error.strerror or str(error)
        raise KernelsMissing(f"they cannot be built in {files.cache} ({why})") from error
    return files.library


def obstacle(cache: Path) -> str | None:
    """Return what keeps the kernels from being used, as far as is known without building them."""
    try:
        files = _LibraryFiles(cache)
        if files.is_whole():
            return None
        if files.failure.is_file():
            return files.failure.read_text("utf-8", errors="replace")
        _compiler()
    except (KernelsMissing, OSError) as error:
        return str(error)
    return None


def explain(cache: Path) -> str:
    """Say whether the kernels are used, as the end of a sentence."""
    if (why := obstacle(cache)) is not None:
        return f"without our kernels: {why}"
    built = _LibraryFiles(cache).is_whole()
    return "with our kernels" if built else "with our kernels, which the next start builds"


def features() -> tuple[str, ...]:
    """Return the CPU features that the kernels use on this machine.

    Raises:
        KernelsMissing: the CPU cannot run them.
    """
    flags = cpu_flags()
    if all(feature in flags for feature in AVX512):
        return AVX512
    if missing := [feature for feature in AVX2 if feature not in flags]:
        raise KernelsMissing(f"the CPU has no {missing[0]}")
    return AVX2


def _flags() -> list[str]:
    """Return the compiler's flags for this CPU."""
    chosen = features()
    machine = [f"-m{feature.replace('_', '')}" for feature in chosen]
    return [*FLAGS, *machine, *(["-DSWALLOW_AVX512"] if chosen == AVX512 else [])]


class _LibraryFiles:
    """The library of the current sources in the cache, its digest, and why its last build failed.

    Raises:
        KernelsMissing: this CPU cannot run it, or this installation cannot build it.
    """

    def __init__(self, cache: Path) -> None:
        features()
        # OpenVINO and `ActiveAdapter` both load it, and share its memory only under one path.
        self.cache = cache.resolve()
        self.library = self.cache / f"kernels-{_key()}.so"
        self.digest = self.library.with_suffix(".sha256")
        self.failure = self.library.with_suffix(".failed")

    def is_whole(self) -> bool:
        """Tell whether the library exists with the content that was built."""
        try:
            return self.digest.read_text("ascii") == _digest(self.library)
        except (OSError, UnicodeDecodeError):
            return False

    def build(self) -> None:
        """Build and check the library, then rename it into place; only one process at a time."""
        compiler = _compiler()
        log.info("building the kernels for this CPU")
        aside = self.library.with_suffix(".part")
        shutil.rmtree(aside, ignore_errors=True)  # left by a build that was killed
        aside.mkdir()
        try:
            built = aside / self.library.name
            _compile(compiler, built)
            _check(built)
            sync_file(built)
            self.digest.write_text(_digest(built), "ascii")
            built.rename(self.library)
            self.failure.unlink(missing_ok=True)
        except KernelsMissing as error:
            self.failure.write_text(str(error), "utf-8")  # the doctor shows it
            raise
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _key() -> str:
    """Return a hash of all the library depends on: sources, flags, OpenVINO, C library."""
    try:
        versions = [*_flags(), importlib.metadata.version("openvino"), str(_openvino())]
        sources = [file.read_bytes() for file in sorted(SOURCE.glob("*.?pp"))]
    except (importlib.metadata.PackageNotFoundError, OSError) as error:
        raise KernelsMissing(f"the installation is not whole ({error})") from error
    versions += platform.libc_ver()
    return hashlib.sha256(b"\0".join([*sources, *map(str.encode, versions)])).hexdigest()[:12]


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _compiler() -> list[str]:
    """Return the command that compiles C++: `CXX` with its arguments, or a compiler in PATH."""
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
        str(SOURCE / MAIN),
        *("-isystem", str(openvino / "include"), "-isystem", str(openvino / "include/tbb")),
        *map(str, libraries),
        *("-Xlinker", "-rpath", "-Xlinker", str(openvino / "libs")),
    ]
    done = _run([*compiler, *_flags(), *paths, "-o", str(file)])
    if done.returncode:
        raise KernelsMissing(f"they do not compile here ({_reason(done)})")


def _check(file: Path) -> None:
    # In a process of its own: a faulty library may crash the process that loads it.
    done = _run([sys.executable, "-m", "tasks.engines.openvino.kernels.check", str(file)])
    if done.returncode == EXIT_UNLOADABLE:
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
            command, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise KernelsMissing(f"they were not built in {TIMEOUT_SECONDS} s") from error


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    """Return the first line of a failed command's output that names an error, else the last."""
    log.warning("%s", done.stderr.strip()[-2000:])
    lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
    return next((line for line in lines if "error" in line.lower()), lines[-1])[:200]
