"""The instruction sets of the CPU, as Linux reports them.

The only reader of /proc/cpuinfo. It does not know which kernels or types need which of them.
"""

from pathlib import Path


def cpu_flags() -> frozenset[str]:
    """Return the words of /proc/cpuinfo, among them the CPU's flags such as `avx2`.

    The set is empty where the file cannot be read, for instance on another operating system.
    """
    try:
        return frozenset(Path("/proc/cpuinfo").read_text("ascii", errors="replace").split())
    except OSError:
        return frozenset()


def cpu_has_int8() -> bool:
    """Tell whether the CPU has dot products of int8, without which int8 is no faster than fp32."""
    return not cpu_flags().isdisjoint(("avx512_vnni", "avx_vnni", "amx_int8"))


def cpu_has_bf16() -> bool:
    """Tell whether the CPU multiplies bf16 in hardware; without it bf16 is slower than fp32."""
    return not cpu_flags().isdisjoint(("avx512_bf16", "amx_bf16"))
