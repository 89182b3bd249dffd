"""What generated sequences of acts have in common: how many there are, and a count of their kinds.

Some acts are the *inputs* that a test is about, form submissions, uploads or votes; the others come
in between. `make fuzz INPUTS=10000` generates exactly so many inputs, of all tests together.
"""

import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Json = dict[str, Any]

FORMS_AND_UPLOADS, VOTES = 4, 6
"""Inputs in a sequence of the one test, and of the other."""
_INPUTS = int(os.environ.get("INPUTS") or 0)
if _INPUTS % (FORMS_AND_UPLOADS + VOTES):
    raise ValueError("INPUTS is a multiple of ten: so many are in a sequence of both tests.")

# Each example is a sequence, so a fifth of them is as much as elsewhere.
sequences = settings(
    suppress_health_check=list(HealthCheck),
    max_examples=_INPUTS // (FORMS_AND_UPLOADS + VOTES) or settings().max_examples // 5,
)


def mostly(right: st.SearchStrategy[Any], wrong: st.SearchStrategy[Any]) -> Any:
    """Draw what is right five times of six."""
    return st.integers(0, 5).flatmap(lambda drawn: right if drawn else wrong)


@st.composite
def in_any_order(
    draw: st.DrawFn,
    inputs: st.SearchStrategy[Json],
    count: int,
    others: st.SearchStrategy[Json],
    more: int,
) -> list[Json]:
    """Draw so many inputs and so many other acts."""
    acts = [draw(inputs) for _ in range(count)] + [draw(others) for _ in range(more)]
    return draw(st.permutations(acts))
