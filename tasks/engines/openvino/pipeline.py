"""OpenVINO GenAI's continuous batching over a converted model, with adapters at run time.

Works in token ids and knows no text. It is used by the generating process alone: `step` holds
Python's lock for as long as it takes, which is seconds where a long prompt is read.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import openvino_genai as genai
from safetensors import SafetensorError
from safetensors.numpy import save

from tasks.engines.openvino.kernels.active_adapter import ActiveAdapter
from tasks.engines.openvino.scheduler import Ask
from tasks.engines.openvino.spec import Spec
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import WEIGHTS
from trainer.errors import AdapterRefused

PREFIX = "base_model.model."
"""What PEFT puts before a layer's name."""

UNKNOWN: dict[str, Any] = {"digest": "none that was asked for"}
"""What is active where a change went wrong: the next question changes it again."""

WARM_UP_TOKENS = 32
"""Long enough for the kernels of prompts to be made ready, beside those of single tokens."""


@dataclass
class News:
    """What a step brought: new token ids of each request, and which requests ended."""

    ids: dict[int, list[int]]
    ended: list[int]


class Pipeline:
    """A loaded model; the base is active until `use` says otherwise."""

    def __init__(self, spec: Spec) -> None:
        self._kernels = ActiveAdapter(Path(spec.kernels), spec.linears) if spec.kernels else None
        self._pipeline = genai.ContinuousBatchingPipeline(
            spec.folder, _scheduling(spec), "CPU", _properties(spec)
        )
        self._handles: dict[int, Any] = {}
        self._generate(None if self._kernels else genai.AdapterConfig(), tokens=WARM_UP_TOKENS)
        self._active: dict[str, Any] | None = None

    def use(self, adapter: dict[str, Any] | None) -> None:
        """Make `adapter` (`folder`, `digest`, `scale`) or the base active; nothing may be running.

        Raises:
            AdapterRefused: the folder has other content than was checked, or does not load.
        """
        if adapter == self._active:
            return
        self._active = UNKNOWN  # until it is changed in full
        if self._kernels:
            _switch(self._kernels, adapter)
        else:
            config = genai.AdapterConfig()
            if adapter is not None:
                config.add(_loaded(adapter), float(adapter["scale"]))
            self._generate(config)
        self._active = adapter

    def start(self, ask: Ask) -> None:
        """Let a request take part in the steps that follow."""
        ids = ov.Tensor(np.array([ask.ids], np.int64))
        self._handles[ask.id] = self._pipeline.add_request(ask.id, ids, _generation(ask))

    def cancel(self, id: int) -> None:
        """Let a request end with the next step; it is then among those that ended."""
        if id in self._handles:
            self._handles[id].cancel()

    def step(self) -> News:
        """Compute once: a token for each running request, and up to `chunk` tokens of prompts."""
        self._pipeline.step()
        news = News({}, [])
        for id, handle in list(self._handles.items()):
            while handle.can_read():
                for output in handle.read().values():
                    news.ids.setdefault(id, []).extend(output.generated_ids)
            if handle.get_status() != genai.GenerationStatus.RUNNING:
                del self._handles[id]
                news.ended.append(id)
        return news

    def _generate(self, adapters: Any, tokens: int = 1) -> None:
        # Adapters given to `add_request` are ignored; `generate` applies them, to what follows.
        config = genai.GenerationConfig(max_new_tokens=2, ignore_eos=True, eos_token_id=0)
        if adapters is not None:
            config.adapters = adapters
        self._pipeline.generate([ov.Tensor(np.ones((1, tokens), np.int64))], [config])


def _scheduling(spec: Spec) -> Any:
    config = genai.SchedulerConfig()
    config.num_kv_blocks = spec.blocks
    config.max_num_seqs = spec.places
    config.max_num_batched_tokens = spec.chunk
    config.dynamic_split_fuse = True
    # The cache of prefixes does not know adapters: after a switch, text would be generated from
    # the other adapter's keys and values.
    config.enable_prefix_caching = False
    return config


def _generation(ask: Ask) -> Any:
    config = genai.GenerationConfig(
        max_new_tokens=ask.max_new_tokens,
        eos_token_id=ask.stop_ids[0],
        stop_token_ids=set(ask.stop_ids),
    )
    if ask.temperature > 0:
        config.do_sample = True
        config.temperature = ask.temperature
        config.top_p = ask.top_p
        config.rng_seed = ask.seed
    return config


def _any_adapter(linears: dict[str, list[int]]) -> Any:
    """Return an adapter that names every layer: what it names, others may change later."""
    tensors = {}
    for name, (rows, columns) in linears.items():
        tensors[f"{PREFIX}{name}.lora_A.weight"] = np.zeros((1, columns), np.float32)
        tensors[f"{PREFIX}{name}.lora_B.weight"] = np.zeros((rows, 1), np.float32)
    return genai.Adapter(ov.Tensor(np.frombuffer(save(tensors), np.uint8)))


def _switch(kernels: ActiveAdapter, adapter: dict[str, Any] | None) -> None:
    if adapter is None:
        kernels.clear()
        return
    folder = Path(adapter["folder"])
    try:
        weights = (folder / WEIGHTS).read_bytes()
        _unchanged(adapter)  # after reading: what was read is what was checked
        kernels.use(weights, PREFIX, float(adapter["scale"]))
    except (OSError, ValueError, SafetensorError) as error:
        raise AdapterRefused(f"The adapter {folder.name!r} cannot be read.") from error


def _loaded(adapter: dict[str, Any]) -> Any:
    folder = _unchanged(adapter)
    with contextlib.suppress(RuntimeError):
        return genai.Adapter(folder / WEIGHTS)
    raise AdapterRefused(f"The adapter {folder.name!r} cannot be read.")


def _unchanged(adapter: dict[str, Any]) -> Path:
    folder = Path(adapter["folder"])
    if read(folder).digest != adapter["digest"]:
        raise AdapterRefused(f"The adapter {folder.name!r} was replaced while it was asked for.")
    return folder


def _properties(spec: Spec) -> dict[str, Any]:
    if spec.kernels:
        return {**spec.properties, "extensions": [spec.kernels]}
    return {**spec.properties, "adapters": genai.AdapterConfig([_any_adapter(spec.linears)])}
