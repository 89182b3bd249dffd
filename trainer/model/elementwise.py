"""The passes over wide tensors that surround the int8 GEMMs, each written once in plain torch.

Eagerly, each line is a pass over memory in fp32, and together they take longer than the GEMMs.
With `use_compiled(True)` torch.compile makes each function one vectorised pass. Needs a C++
compiler at run time; without one everything works as before, only slower. All arithmetic is fp32
inside. This module knows no autograd, no models.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

INT8_MAX = 127.0
Function = TypeVar("Function", bound=Callable[..., Any])
_state = {"compiled": False}


def use_compiled(wanted: bool) -> None:
    """Choose between compiled and eager kernels for the whole process."""
    _state["compiled"] = wanted


def can_compile(cache: Path) -> bool:
    """Try the smallest kernel, compiled into the folder `cache`; tell whether that works."""
    from torch._dynamo import config
    from torch._dynamo.exc import BackendCompilerFailed, InternalTorchDynamoError
    from torch._inductor.exc import CppCompileError, InvalidCxxCompiler

    cache.mkdir(parents=True, exist_ok=True)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
    config.recompile_limit = 256  # past it, dynamo falls back to eager without a word
    x = torch.linspace(-1, 1, 64).view(2, 32).bfloat16()
    try:
        compiled = torch.compile(_quantise, dynamic=True)(x)
    except (
        BackendCompilerFailed,
        InternalTorchDynamoError,
        CppCompileError,
        InvalidCxxCompiler,
        OSError,
    ):
        return False
    return all(torch.equal(one, other) for one, other in zip(compiled, _quantise(x), strict=True))


def _fused(function: Function) -> Function:
    @functools.cache
    def compiled() -> Any:
        return torch.compile(function, dynamic=True)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return (compiled() if _state["compiled"] else function)(*arguments)

    return call  # type: ignore[return-value]


def _quantise(x: Tensor) -> tuple[Tensor, Tensor]:
    exact = x.float()
    largest = exact.abs().amax(1, keepdim=True).clamp_min(1e-20)
    return torch.round(exact * (INT8_MAX / largest)).to(torch.int8), largest * (1 / INT8_MAX)


@_fused
def quantise(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return `x` [rows, width] as int8, and the scale of each row [rows, 1] fp32."""
    return _quantise(x)


@_fused
def quantise_scaled(x: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Return `x` times `columns` [width] as int8, and the scale of each row."""
    return _quantise(x.float() * columns)


@_fused
def dequantise(product: Tensor, rows: Tensor, columns: Tensor, like: Tensor) -> Tensor:
    """Return int32 `product` times `rows` [rows, 1] and `columns` [columns], typed as `like`."""
    return (product.float() * rows * columns).to(like.dtype)


@_fused
def dequantise_rows(product: Tensor, rows: Tensor, like: Tensor) -> Tensor:
    """Return int32 `product` times `rows` [rows, 1], typed as `like`."""
    return (product.float() * rows).to(like.dtype)


@_fused
def norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Return RMSNorm of `x` [rows, width] (arXiv:1910.07467), rounded as transformers does."""
    exact = x.float()
    inverse = torch.rsqrt(exact.pow(2).mean(1, keepdim=True) + epsilon)
    return weight * (exact * inverse).to(x.dtype)


@_fused
def norm_backward(gradient: Tensor, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Return the gradient of `norm` to `x`."""
    exact = x.float()
    inverse = torch.rsqrt(exact.pow(2).mean(1, keepdim=True) + epsilon)
    scaled = gradient.float() * weight.float()
    along = (scaled * exact).mean(1, keepdim=True)
    return (inverse * (scaled - exact * (inverse * inverse * along))).to(x.dtype)


@_fused
def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """Return silu(gate)·up (arXiv:2002.05202)."""
    exact = gate.float()
    return (exact * torch.sigmoid(exact) * up.float()).to(gate.dtype)


@_fused
def swiglu_backward(gradient: Tensor, gate: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of `swiglu` to `gate` and `up`."""
    exact, by_output = gate.float(), gradient.float()
    sigmoid = torch.sigmoid(exact)
    to_gate = by_output * up.float() * sigmoid * (1 + exact * (1 - sigmoid))
    return to_gate.to(gate.dtype), (by_output * exact * sigmoid).to(gate.dtype)


@_fused
def rotate(x: Tensor, cosine: Tensor, sine: Tensor, sign: float) -> Tensor:
    """Return `x` [tokens, heads, width] turned by its positions (arXiv:2104.09864).

    `cosine` and `sine` are [tokens, width]; sign 1 turns, -1 turns back, which is the gradient.
    """
    half = x.shape[2] // 2
    turned = torch.cat((-x[:, :, half:].float(), x[:, :, :half].float()), 2)
    sines = sine.float() * sign
    return (x.float() * cosine.float()[:, None] + turned * sines[:, None]).to(x.dtype)


@_fused
def drop(x: Tensor, seed: Tensor, below: int) -> Tensor:
    """Return `x` [rows, width] with zeros where a hash of place and `seed` is under `below`.

    The hash is lowbias32 (https://nullprogram.com/blog/2018/07/31/) in 31 bits: a mask that needs
    no memory between forward and backward and does not depend on the thread count.
    """
    row = torch.arange(x.shape[0], dtype=torch.int64)[:, None]
    column = torch.arange(x.shape[1], dtype=torch.int64)[None]
    word = (row * x.shape[1] + column + seed) & 0xFFFFFFFF
    word = ((word ^ (word >> 16)) * 0x21F0AAAD) & 0xFFFFFFFF
    word = ((word ^ (word >> 15)) * 0x735A2D97) & 0xFFFFFFFF
    word = word ^ (word >> 15)
    return torch.where((word >> 1) >= below, x, torch.zeros_like(x))
