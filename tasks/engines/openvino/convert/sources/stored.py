"""What is known of a quantised matrix without reading it. Imports no torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stored:
    """What is known of a quantised matrix [out, in] without reading it.

    Integers have `bits`, `group` neighbours of a row share a scale and a zero. `symmetric` says
    that all zeros are the middle of the integers' range, `ordered` that the groups are not of
    neighbours, `whole` that all zeros are integers.
    """

    shape: tuple[int, int]
    bits: int
    group: int
    symmetric: bool
    ordered: bool = False
    whole: bool = True
