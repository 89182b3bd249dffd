"""Elementwise and row-wise operations around the int8 GEMMs, in plain torch or compiled.

Run eagerly, each line of a function is a pass over memory in fp32, and together these passes take
longer than the GEMMs. After `use_compiled(True)` torch.compile turns each function into one
vectorised pass, which needs a C++ compiler at run time. All arithmetic is fp32 inside. This module
does not know autograd or models.
"""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from trainer.files import make_private

INT8_MAX = 127.0
"""Symmetric quantisation: -128 is not used."""
Function = TypeVar("Function", bound=Callable[..., Any])
_state = {"compiled": False}


def use_compiled(compiled: bool) -> None:
    """Choose between compiled and eager kernels for the whole process."""
    _state["compiled"] = compiled


def can_compile(cache: Path) -> bool:
    """Tell whether torch.compile works here, by compiling one function into the folder `cache`."""
    from torch._dynamo import config
    from torch._dynamo.exc import BackendCompilerFailed, InternalTorchDynamoError
    from torch._inductor.exc import CppCompileError, InvalidCxxCompiler

    make_private(cache)
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = str(cache)
    config.recompile_limit = 256  # beyond its limit dynamo silently runs eagerly
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
    """Make `function` run compiled or eagerly, as `use_compiled` chose; compiled on first use."""

    @functools.cache
    def compiled() -> Any:
        return torch.compile(function, dynamic=True)

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        return (compiled() if _state["compiled"] else function)(*arguments)

    return call  # type: ignore[return-value]


def _quantise(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return round(x / scale) and scale = max|x| / 127 of each row, as `quantise` does.

    The lower bound of the maximum keeps rows of zeros from dividing by zero.
    """
    exact = x.float()
    largest = exact.abs().amax(1, keepdim=True).clamp_min(1e-20)
    return torch.round(exact * (INT8_MAX / largest)).to(torch.int8), largest * (1 / INT8_MAX)


@_fused
def quantise(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return `x` [rows, width] of any float type as int8, and the scale of each row.

    The first is [rows, width] int8, the second [rows, 1] fp32; `x` is about their product. This is
    the vector-wise quantisation of arXiv:2208.07339, section 3.1.
    """
    return _quantise(x)


@_fused
def quantise_scaled(x: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Return x·columns as `quantise` does, for `x` [rows, width] and `columns` [width] fp32.

    Returns [rows, width] int8 and [rows, 1] fp32.
    """
    return _quantise(x.float() * columns)


@_fused
def dequantise(product: Tensor, rows: Tensor, columns: Tensor, like: Tensor) -> Tensor:
    """Return product·rows·columns, [rows, columns], in the float type of `like`.

    `product` is an int8 GEMM's result, [rows, columns] int32; `rows` [rows, 1] and `columns`
    [columns] are the fp32 scales of its two factors. Of `like` only the type is used.
    """
    return (product.float() * rows * columns).to(like.dtype)


@_fused
def dequantise_rows(product: Tensor, rows: Tensor, like: Tensor) -> Tensor:
    """Return product·rows, [rows, columns], in the float type of `like`.

    `product` is [rows, columns] int32 and `rows` [rows, 1] fp32.
    """
    return (product.float() * rows).to(like.dtype)


@_fused
def label_losses(
    product: Tensor, rows: Tensor, columns: Tensor, targets: Tensor
) -> tuple[Tensor, Tensor]:
    """Return -log softmax(logits)[target] and log Σ exp(logits) of each row, in nats, fp32.

    The logits are product·rows·columns: `product` is [labels, vocabulary] int32, `rows` [labels, 1]
    and `columns` [vocabulary] fp32, `targets` [labels] int64. Returns [labels] and [labels, 1].
    """
    logits = product.float() * rows * columns
    log_sums = torch.logsumexp(logits, 1, keepdim=True)
    return (log_sums - logits.gather(1, targets[:, None]))[:, 0], log_sums


@_fused
def other_probabilities(
    product: Tensor,
    rows: Tensor,
    columns: Tensor,
    log_sums: Tensor,
    targets: Tensor,
    by_row: Tensor,
    by_column: Tensor,
) -> tuple[Tensor, Tensor]:
    """Return softmax(logits)·columns with zero at the target as int8, and the scale of each row.

    Logits and the arguments up to `targets` are those of `label_losses`, which returns `log_sums`.
    Values are rounded up where the fraction of by_row + by_column, uniform numbers [labels, 1] and
    [vocabulary] in [0, 1), reaches far enough, so that their expectation is exact. Returns
    [labels, vocabulary] int8 and [labels, 1] fp32.
    """
    others = torch.arange(product.shape[1])[None] != targets[:, None]
    scaled = torch.exp(product.float() * rows * columns - log_sums) * columns * others
    largest = scaled.amax(1, keepdim=True).clamp_min(1e-20)
    place = by_row + by_column
    steps = torch.floor(scaled * (INT8_MAX / largest) + (place - torch.floor(place)))
    return steps.clamp_max(INT8_MAX).to(torch.int8), largest * (1 / INT8_MAX)


@_fused
def hidden_gradient(
    product: Tensor,
    rows: Tensor,
    target: Tensor,
    factors: Tensor,
    columns: Tensor,
    like: Tensor,
) -> Tensor:
    """Return (product·rows + target·factors)·columns, [labels, width], in the type of `like`.

    `product` is [labels, width] int32, `target` [labels, width] int8, `rows` and `factors`
    [labels, 1] and `columns` [width] fp32.
    """
    return ((product.float() * rows + target.float() * factors) * columns).to(like.dtype)


@_fused
def norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Return RMSNorm of `x`, weight·x / sqrt(mean(x²) + epsilon) over each row (arXiv:1910.07467).

    `x` is [rows, width], `weight` [width]; returns [rows, width] of their type. Rounded to the type
    of `x` before the product with `weight`, as transformers does.
    """
    exact = x.float()
    inverse = torch.rsqrt(exact.pow(2).mean(1, keepdim=True) + epsilon)
    return weight * (exact * inverse).to(x.dtype)


@_fused
def norm_backward(gradient: Tensor, x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """Return the gradient of `norm` with respect to `x`, [rows, width] of the type of `x`.

    With g the `gradient` [rows, width], w the weight, r = 1 / sqrt(mean(x²) + epsilon):
    dx = r·(g·w - x·r²·mean(g·w·x)), the derivative of the formula of `norm`.
    """
    exact = x.float()
    inverse = torch.rsqrt(exact.pow(2).mean(1, keepdim=True) + epsilon)
    scaled = gradient.float() * weight.float()
    projection = (scaled * exact).mean(1, keepdim=True)
    return (inverse * (scaled - exact * (inverse * inverse * projection))).to(x.dtype)


@_fused
def swiglu(gate: Tensor, up: Tensor) -> Tensor:
    """Return silu(gate)·up, where silu(z) = z·sigmoid(z) (SwiGLU, arXiv:2002.05202).

    `gate` and `up` are [rows, width] or [..., width] of one float type, which the result has too.
    """
    exact = gate.float()
    return (exact * torch.sigmoid(exact) * up.float()).to(gate.dtype)


@_fused
def swiglu_backward(gradient: Tensor, gate: Tensor, up: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients of `swiglu` with respect to `gate` and `up`, shaped and typed as they.

    With g the `gradient` and s = sigmoid(gate): dgate = g·up·s·(1 + gate·(1 - s)) and
    dup = g·gate·s.
    """
    exact, gradient = gate.float(), gradient.float()
    sigmoid = torch.sigmoid(exact)
    to_gate = gradient * up.float() * sigmoid * (1 + exact * (1 - sigmoid))
    return to_gate.to(gate.dtype), (gradient * exact * sigmoid).to(gate.dtype)


@_fused
def rotate(x: Tensor, cosine: Tensor, sine: Tensor, sign: float) -> Tensor:
    """Return `x` with the rotary position embedding applied (arXiv:2104.09864), typed as `x`.

    `x` and the result are [tokens, heads, width]; `cosine` and `sine` [tokens, width] are of each
    token's angles. The rotated pairs are (x[i], x[i + width / 2]), as transformers lays them out.
    `sign` 1 rotates forward; -1 rotates back, which is also the gradient, because the inverse of a
    rotation is its transpose.
    """
    half = x.shape[2] // 2
    swapped = torch.cat((-x[:, :, half:].float(), x[:, :, :half].float()), 2)
    sines = sine.float() * sign
    return (x.float() * cosine.float()[:, None] + swapped * sines[:, None]).to(x.dtype)


@_fused
def drop(x: Tensor, seed: Tensor, below: int) -> Tensor:
    """Return `x` [rows, width] with about below / 2³¹ of its elements set to zero, not rescaled.

    An element is dropped where the hash of its index plus `seed` (a scalar int64 below 2³¹) is
    less than `below`. The hash is lowbias32 (https://nullprogram.com/blog/2018/07/31/), of which
    the upper 31 bits are used. Backward computes the same mask again from the seed, so that no mask
    is kept in memory, and it does not depend on the number of threads.
    """
    row = torch.arange(x.shape[0], dtype=torch.int64)[:, None]
    column = torch.arange(x.shape[1], dtype=torch.int64)[None]
    word = (row * x.shape[1] + column + seed) & 0xFFFFFFFF
    word = ((word ^ (word >> 16)) * 0x21F0AAAD) & 0xFFFFFFFF
    word = ((word ^ (word >> 15)) * 0x735A2D97) & 0xFFFFFFFF
    word = word ^ (word >> 15)
    return torch.where((word >> 1) >= below, x, torch.zeros_like(x))
