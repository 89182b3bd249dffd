"""How a converted model is served: OpenVINO's properties, memory for keys and values, threads.

Measured choices, each with its reason; imports no OpenVINO.
"""

from tasks.engines.cpu import usable_cores
from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.converted import Converted
from tasks.engines.openvino.convert.plan import (
    INT4_FROM_PARAMETERS,
    Wanted,
    choose_precision,
    planned_bytes,
)
from tasks.engines.openvino.scheduler import BLOCK
from tasks.engines.openvino.spec import Spec
from trainer.cpu import cpu_has_bf16

PARALLEL = 8
"""Questions generated at once: at 7B, eight streams gave five times the tokens of one, and sixteen
little more."""

CACHE_BYTES = 1_200_000_000
"""Memory keys and values may come to fill: one whole context of a Llama-2 7B at 8 bits."""

PROCESSES_BYTES = 700_000_000
"""The worker with its tokenizer, and the generating process without the model."""

CHUNK_SMALL, CHUNK_LARGE = 512, 64
"""Prompt tokens read in one step, for models below and above a billion weights."""


def spec_of(converted: Converted, *, threads: int | None, parallel: int = PARALLEL) -> Spec:
    """Return how to serve `converted` on `threads` cores, by default those it may use."""
    architecture = converted.architecture
    large = architecture.parameters >= INT4_FROM_PARAMETERS
    return Spec(
        folder=str(converted.folder),
        kernels=str(converted.kernels) if converted.kernels else None,
        linears={
            f"model.layers.{layer}.{name}": list(shape)
            for layer in range(architecture.layers)
            for name, shape in architecture.linears.items()
        },
        properties=_properties(converted, threads or usable_cores(), large),
        blocks=_blocks(architecture, large),
        places=parallel,
        chunk=CHUNK_LARGE if large else CHUNK_SMALL,
    )


def context_of(converted: Converted, spec: Spec) -> int:
    """Return the longest sequence in tokens: what the model and the memory allow."""
    return min(converted.architecture.context_length, spec.blocks * BLOCK)


def memory_needed(architecture: Architecture, wanted: Wanted) -> float:
    """Return about how many bytes of memory serving takes: weights, their scales, keys and values,
    and what the worker itself needs."""
    weights = planned_bytes(architecture, choose_precision(architecture, wanted))
    return 1.1 * weights + CACHE_BYTES + PROCESSES_BYTES


def _properties(converted: Converted, threads: int, large: bool) -> dict[str, str]:
    common = {
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
        # Pinned threads would share cores with any other program that pins its own.
        "ENABLE_CPU_PINNING": "NO",
    }
    if not large:
        # Fewer bits anywhere else change a small model's greedy answers, and it is fast enough.
        return common | {
            "INFERENCE_PRECISION_HINT": "f32",
            "KV_CACHE_PRECISION": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
        }
    # Our own kernels take float32: around them bf16 would be converted to and fro for nothing.
    precision = "bf16" if cpu_has_bf16() and not converted.kernels else "f32"
    return common | {
        "INFERENCE_PRECISION_HINT": precision,
        "KV_CACHE_PRECISION": "u8",
        # Activations are rounded to 8 bits in groups like the weights', so that whole groups are
        # multiplied as integers, which prefills faster. Nothing to gain at 16 bits.
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0" if converted.precision == "bf16" else "128",
    }


def _blocks(architecture: Architecture, large: bool) -> int:
    # At 8 bits each head of a token brings a float32 scale and zero point along.
    bytes_per_head = architecture.head_dim + 8 if large else 4 * architecture.head_dim
    per_token = 2 * architecture.layers * architecture.kv_heads * bytes_per_head
    return max(1, CACHE_BYTES // (per_token * BLOCK))
