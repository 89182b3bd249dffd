"""What a pipeline is made of. Imports no OpenVINO, so that the worker can say it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Spec:
    """What a pipeline is made of; plain values, because they travel to another process.

    `linears` are the shapes [out, in] of every layer an adapter may change, by its name in the
    checkpoint. `properties` are OpenVINO's own names. `kernels` is the library the graph needs.
    """

    folder: str
    kernels: str | None
    linears: dict[str, list[int]]
    properties: dict[str, str]
    blocks: int
    places: int
    chunk: int
    """Prompt tokens read in one step: what others wait at most between two of their tokens."""
