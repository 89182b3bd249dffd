"""OpenVINO GenAI's continuous batching over a converted model, with adapters at run time.

Works in token ids and knows no text. Only the generating process uses it: `step` holds Python's
lock for as long as it takes, which is seconds during the prefill of a long prompt.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import openvino_genai as genai
from safetensors import SafetensorError
from safetensors.numpy import save

from tasks.adapters.verify import PEFT_PREFIX
from tasks.engines.openvino.cached_sequences import CachedSequences
from tasks.engines.openvino.kernels.active_adapter import ActiveAdapter
from tasks.engines.openvino.messages import PipelineSpec, Request, RequestAdapter
from trainer.adapters.adapter_files import read_weights
from trainer.errors import AdapterRefused

UNKNOWN = RequestAdapter(folder="", digest="", scale=0.0)
"""The active adapter after a switch that failed: equal to none, so that the next request switches
again."""

WARM_UP_TOKENS = 32
"""Long enough for OpenVINO to prepare its kernels of the prefill beside those of single tokens."""


@dataclass
class StepResult:
    """The new token ids of each request in a step, and the ids of requests that ended."""

    ids: dict[int, list[int]]
    ended: list[int]


class _Running:
    """A request that is being generated, and the ids it has got so far."""

    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.cancelled = False
        self.ids: list[int] = []

    def read(self) -> list[int]:
        """Return the ids that are new."""
        before = len(self.ids)
        while self.handle.can_read():
            for output in self.handle.read().values():
                self.ids.extend(output.generated_ids)
        return self.ids[before:]


class Pipeline:
    """A loaded model; the base model is active until `activate` switches to an adapter."""

    def __init__(self, spec: PipelineSpec) -> None:
        self._kernels = ActiveAdapter(Path(spec.kernels), spec.linears) if spec.kernels else None
        self._pipeline = genai.ContinuousBatchingPipeline(
            spec.folder, _scheduling(spec), "CPU", _properties(spec)
        )
        self.sequences = CachedSequences(vocabulary=spec.vocabulary, kv_blocks=spec.kv_blocks)
        self._running: dict[int, _Running] = {}
        self._generate(None if self._kernels else genai.AdapterConfig(), tokens=WARM_UP_TOKENS)
        self._active: RequestAdapter | None = None

    def activate(self, adapter: RequestAdapter | None) -> None:
        """Make `adapter`, or the base model for None, the active one; no request may be running.

        Raises:
            AdapterRefused: its files were replaced since they were checked, or do not load.
        """
        if adapter == self._active:
            return
        self._active = UNKNOWN  # until the switch is complete
        if self._kernels is not None:
            _activate_in_kernels(self._kernels, adapter)
        else:
            config = genai.AdapterConfig()
            if adapter is not None:
                config.add(_genai_adapter(adapter), adapter.scale)
            self._generate(config)
        self._active = adapter

    def start(self, request: Request) -> None:
        """Add a request to those that the next steps compute."""
        ids = ov.Tensor(self.sequences.start(request)[None])  # [1, tokens]
        handle = self._pipeline.add_request(request.id, ids, _generation(request))
        self._running[request.id] = _Running(handle)

    def cancel(self, id: int) -> None:
        """End a running request; the next step reports it among those that ended."""
        running = self._running.get(id)
        if running is not None and not running.cancelled:
            running.cancelled = True
            running.handle.cancel()
            # Nothing more is computed of it: who goes on with it may start before that step.
            self.sequences.end(id, running.ids)

    def ids_of(self, id: int) -> list[int]:
        """Return the ids that a running request has got so far."""
        return list(self._running[id].ids)

    def step(self) -> StepResult:
        """Compute a token of each running request and up to `chunk_tokens` of prefill."""
        self._pipeline.step()
        result = StepResult({}, [])
        for id, running in list(self._running.items()):
            new_ids = running.read()
            if new_ids:
                result.ids[id] = new_ids
            if running.handle.get_status() != genai.GenerationStatus.RUNNING:
                del self._running[id]
                if not running.cancelled:
                    self.sequences.end(id, running.ids)
                result.ended.append(id)
        return result

    def _generate(self, adapters: Any, tokens: int = 1) -> None:
        # `add_request` ignores adapters; `generate` applies them, and they stay for what follows.
        config = genai.GenerationConfig(max_new_tokens=2, ignore_eos=True, eos_token_id=0)
        if adapters is not None:
            config.adapters = adapters
        self._pipeline.generate([ov.Tensor(np.ones((1, tokens), np.int64))], [config])


def _scheduling(spec: PipelineSpec) -> Any:
    config = genai.SchedulerConfig()
    config.num_kv_blocks = spec.kv_blocks
    config.max_num_seqs = spec.max_running
    config.max_num_batched_tokens = spec.chunk_tokens
    config.dynamic_split_fuse = True
    # By itself it would use the keys and values of other adapters: see `cached_sequences`.
    config.enable_prefix_caching = True
    return config


def _generation(request: Request) -> Any:
    config = genai.GenerationConfig(
        max_new_tokens=request.max_new_tokens,
        eos_token_id=request.stop_ids[0],
        stop_token_ids=set(request.stop_ids),
    )
    if request.temperature > 0:
        config.do_sample = True
        config.temperature = request.temperature
        config.top_p = request.top_p
        if request.top_k:
            config.top_k = request.top_k
        config.rng_seed = request.seed
    return config


def _activate_in_kernels(kernels: ActiveAdapter, adapter: RequestAdapter | None) -> None:
    if adapter is None:
        kernels.clear()
        return
    try:
        kernels.use(_weights(adapter), PEFT_PREFIX, adapter.scale)
    except (ValueError, SafetensorError) as error:
        raise _unreadable(adapter) from error


def _genai_adapter(adapter: RequestAdapter) -> Any:
    # From the bytes that were hashed, not from the file, which might be replaced in between.
    tensor = ov.Tensor(np.frombuffer(_weights(adapter), np.uint8))
    try:
        return genai.Adapter(tensor)
    except RuntimeError as error:
        raise _unreadable(adapter) from error


def _weights(adapter: RequestAdapter) -> bytes:
    return read_weights(Path(adapter.folder), adapter.digest)


def _unreadable(adapter: RequestAdapter) -> AdapterRefused:
    return AdapterRefused(f"The adapter {Path(adapter.folder).name!r} cannot be read.")


def _properties(spec: PipelineSpec) -> dict[str, Any]:
    if spec.kernels:
        return {**spec.properties, "extensions": [spec.kernels]}
    adapters = genai.AdapterConfig([_placeholder_adapter(spec.linears)])
    return {**spec.properties, "adapters": adapters}


def _placeholder_adapter(linears: dict[str, list[int]]) -> Any:
    """Return an adapter of zeros on every layer: OpenVINO prepares the layers that are named when
    the model is loaded, and only those can get another adapter later."""
    tensors = {}
    for name, (rows, columns) in linears.items():
        tensors[f"{PEFT_PREFIX}{name}.lora_A.weight"] = np.zeros((1, columns), np.float32)
        tensors[f"{PEFT_PREFIX}{name}.lora_B.weight"] = np.zeros((rows, 1), np.float32)
    return genai.Adapter(ov.Tensor(np.frombuffer(save(tensors), np.uint8)))
