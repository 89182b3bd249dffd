"""What the worker and the generating process send each other, as plain values that become JSON.

Imports no OpenVINO, so that the worker can build them without loading it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class PipelineSpec:
    """What a pipeline is built from and the limits it keeps.

    `folder` holds the converted model, `kernels` is the library of our kernels that its graph
    needs, None where OpenVINO's compute it. `linears` are the shapes [out, in] of every layer an
    adapter may change, by its name in the checkpoint. `properties` are OpenVINO's own.
    """

    folder: str
    kernels: str | None
    linears: dict[str, list[int]]
    properties: dict[str, str]
    vocabulary: int
    """Rows of the embedding matrix; of an id only what is below their `id_stride` counts."""
    kv_blocks: int
    """Blocks of the cache of keys and values, shared by the running requests."""
    max_running: int
    """Requests that are generated at once."""
    chunk_tokens: int
    """Prompt tokens of the prefill in one step, the longest that running requests wait for their
    next token."""


@dataclass(frozen=True)
class RequestAdapter:
    """The adapter of a request: `scale` is the factor of B·A, `digest` names the files' content."""

    folder: str
    digest: str
    scale: float


@dataclass(frozen=True)
class Request:
    """A prompt to continue, as token ids, and how. `adapter` None is the base model.

    `asked` is when it was asked, in seconds of the machine's monotonic clock. One that `goes_on`
    continues a request that has run already, and was asked when that was.
    """

    id: int
    prompt_ids: list[int]
    max_new_tokens: int
    stop_ids: list[int]
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0
    adapter: RequestAdapter | None = None
    goes_on: bool = False
    asked: float = 0.0

    def rest(self, ids: Sequence[int], max_new_tokens: int) -> "Request":
        """Return the request that goes on behind the generated `ids`, with so many new tokens."""
        return replace(
            self,
            prompt_ids=[*self.prompt_ids, *ids],
            max_new_tokens=max_new_tokens,
            seed=(self.seed + len(ids)) % 2**32,  # else it would draw the first tokens' numbers
            goes_on=self.goes_on or bool(ids),
        )


def request_from(message: dict[str, Any]) -> Request:
    """Return the request that `dataclasses.asdict` turned into `message`."""
    adapter = message["adapter"]
    return Request(**{**message, "adapter": RequestAdapter(**adapter) if adapter else None})
