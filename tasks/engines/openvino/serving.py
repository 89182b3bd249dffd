"""How a converted model is served: OpenVINO's properties, memory for keys and values, threads.

Each number was measured, with the reason beside it. Imports no OpenVINO.
"""

from tasks.engines.cpu import usable_cores
from tasks.engines.openvino.convert.architecture import Architecture
from tasks.engines.openvino.convert.converted import Converted
from tasks.engines.openvino.convert.precision import (
    INT4_FROM_PARAMETERS,
    Precision,
    packed_model_bytes,
)
from tasks.engines.openvino.messages import PipelineSpec
from tasks.engines.openvino.scheduler import KV_BLOCK_TOKENS
from trainer.cpu import cpu_has_bf16

PARALLEL = 8
"""Requests generated at once: at 7B, eight gave five times the tokens per second of one, and
sixteen little more."""

CACHE_BYTES = 1_200_000_000
"""Bytes of the cache of keys and values: one whole context (4,096 tokens) of a Llama-2 7B at 8
bits."""

PROCESSES_BYTES = 700_000_000
"""Bytes of the worker with its tokenizer, and of the generating process without the model."""

KEYS_AND_VALUES_IN_8_BITS = {"KV_CACHE_PRECISION": "u8", "KEY_CACHE_QUANT_MODE": "BY_TOKEN"}
"""OpenVINO's own choice would be keys by channel: their rounding then depends on whether the tokens
of a block came together, in a prompt, or one by one, in an answer. A follow-up that finds an answer
cached could be answered otherwise than one that reads it again."""

CHUNK_SMALL, CHUNK_LARGE, CHUNK_EXPERTS = 512, 64, 128
"""Prompt tokens of the prefill in one step, for models below and above a billion weights, and for
mixtures of experts: a step reads nearly all experts, and a token takes less time in them."""


def pipeline_spec(
    converted: Converted, *, threads: int | None, parallel: int = PARALLEL
) -> PipelineSpec:
    """Return how to serve `converted` on `threads` cores, None for all this process may use."""
    architecture = converted.architecture
    large = architecture.parameters >= INT4_FROM_PARAMETERS
    return PipelineSpec(
        folder=str(converted.folder),
        kernels=str(converted.kernels) if converted.kernels else None,
        linears={
            f"model.layers.{layer}.{name}": list(shape)
            for layer in range(architecture.layers)
            for name, shape in architecture.linears.items()
        },
        properties=_properties(converted, threads or usable_cores(), large),
        vocabulary=architecture.vocabulary,
        kv_blocks=_kv_blocks(architecture, large),
        max_running=parallel,
        chunk_tokens=_chunk(architecture, large),
    )


def context_length(converted: Converted, spec: PipelineSpec) -> int:
    """Return the longest sequence in tokens that the model and the cache's memory allow."""
    return min(converted.architecture.context_length, spec.kv_blocks * KV_BLOCK_TOKENS)


def memory_needed(architecture: Architecture, precision: Precision, *, kernels: bool) -> float:
    """Return about how many bytes of memory serving takes: weights, keys and values, processes.

    A tenth is added to the packed weights for OpenVINO's own buffers. Experts have none: our
    kernels read them from the mapped file.
    """
    weights = packed_model_bytes(architecture, precision, kernels=kernels)
    buffers = 1.0 if architecture.experts else 1.1
    return buffers * weights + CACHE_BYTES + PROCESSES_BYTES


def _properties(converted: Converted, threads: int, large: bool) -> dict[str, str]:
    common = {
        "INFERENCE_NUM_THREADS": str(threads),
        "NUM_STREAMS": "1",
        # Another program that pins its threads, as OpenVINO does, would pin them to the same cores.
        "ENABLE_CPU_PINNING": "NO",
    }
    if not large:
        # With fewer bits a small model gives other greedy answers, and it is fast enough as it is.
        return common | {
            "INFERENCE_PRECISION_HINT": "f32",
            "KV_CACHE_PRECISION": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
        }
    # Our kernels take and return float32: with bf16 around them, each would be converted twice.
    precision = "bf16" if cpu_has_bf16() and not converted.kernels else "f32"
    return common | {
        **KEYS_AND_VALUES_IN_8_BITS,
        "INFERENCE_PRECISION_HINT": precision,
        # Activations are rounded to 8 bits in groups of the weights' size, so that a group's
        # products are computed in integers, which makes the prefill faster. 16-bit weights gain
        # nothing from it.
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0" if converted.precision == "bf16" else "128",
    }


def _chunk(architecture: Architecture, large: bool) -> int:
    """Return how many prompt tokens are read in one step."""
    if not large:
        return CHUNK_SMALL
    return CHUNK_EXPERTS if architecture.experts else CHUNK_LARGE


def _kv_blocks(architecture: Architecture, large: bool) -> int:
    """Return how many blocks of keys and values fit into `CACHE_BYTES`."""
    # At 8 bits each head of a token has a float32 scale and a float32 zero point.
    bytes_per_head = architecture.head_dim + 8 if large else 4 * architecture.head_dim
    per_token = 2 * architecture.layers * architecture.kv_heads * bytes_per_head
    return max(1, CACHE_BYTES // (per_token * KV_BLOCK_TOKENS))
