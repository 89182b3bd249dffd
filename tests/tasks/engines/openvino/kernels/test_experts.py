"""What our operation of a mixture of experts computes beside what `check` compares with numpy."""

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest
import torch
from numpy.typing import NDArray
from openvino import opset15 as op
from openvino.utils.node_factory import NodeFactory

from tasks.engines.openvino.convert.pack import pack
from tests.tasks.engines.openvino.built_kernels import built

WIDTH, WIDE, EXPERTS = 128, 192, 6
ATTRIBUTES = {"layer": 9, "epsilon": 1e-6}
TOKENS = (1, 2, 5, 8, 13, 64)
Floats = NDArray[np.float32]


@pytest.fixture
def matrices() -> list[list[Any]]:
    """Gate, up and down of each expert, as constants' bytes."""
    torch.manual_seed(1)
    shapes = ((WIDE, WIDTH), (WIDE, WIDTH), (WIDTH, WIDE))
    return [
        [pack(torch.randn(shape) / 8, "blocks", 128).values for shape in shapes]
        for _ in range(EXPERTS)
    ]


def tokens(count: int) -> Floats:
    return np.random.default_rng(2).normal(size=(count, WIDTH)).astype(np.float32)


def mixture(file: Path, matrices: list[list[Any]], router: Floats, chosen: int) -> Any:
    """Return the operation, compiled: x [tokens, WIDTH] to its output."""
    stacks = [op.constant(np.concatenate(stack)) for stack in zip(*matrices, strict=True)]
    attributes = ATTRIBUTES | {"chosen": chosen, "normalised": True}
    return compiled(file, "Experts", [op.constant(router), *stacks], attributes)


def compiled(file: Path, name: str, constants: list[Any], attributes: dict[str, Any]) -> Any:
    factory = NodeFactory()
    factory.add_extension(str(file))
    x = op.parameter(ov.PartialShape([-1, WIDTH]), ov.Type.f32)
    norm = op.constant(np.ones(WIDTH, np.float32))
    node = factory.create(name, [x, norm, *constants], attributes)
    core = ov.Core()
    core.add_extension(str(file))
    exact = {"INFERENCE_PRECISION_HINT": "f32"}
    model = core.compile_model(ov.Model([op.result(node)], [x], "check"), "CPU", exact)

    def run(values: Floats, held: tuple[Any, ...] = (core, factory)) -> Floats:
        # Without those that hold it, the library would be unloaded.
        (found,) = model(values).values()
        return np.array(found)

    return run


def test_one_expert_that_takes_all_computes_what_it_would_alone(
    shared_cache: Path, matrices: list[list[Any]]
) -> None:
    kernels = built(shared_cache)
    router = np.zeros((EXPERTS, WIDTH), np.float32)
    router[3, 0] = 1
    together = mixture(kernels, matrices, router, chosen=1)
    constants = [op.constant(values) for values in matrices[3]]
    alone = compiled(kernels, "FeedForward", constants, ATTRIBUTES)
    for count in TOKENS:
        x = tokens(count)
        x[:, 0] = np.abs(x[:, 0]) + 1

        assert np.array_equal(together(x), alone(x)), count


def test_a_token_gets_the_same_in_every_batch_also_where_every_expert_is_hit(
    shared_cache: Path, matrices: list[list[Any]]
) -> None:
    router = np.random.default_rng(3).normal(size=(EXPERTS, WIDTH)).astype(np.float32)
    together = mixture(built(shared_cache), matrices, router, chosen=2)
    x = tokens(64)
    hit = np.argsort(-(x @ router.T), axis=-1)[:, :2]
    assert set(hit.flatten()) == set(range(EXPERTS))

    alone = np.concatenate([together(token[None]) for token in x])

    for count in TOKENS:
        assert np.array_equal(together(x[:count]), alone[:count]), count


def test_all_experts_at_once(shared_cache: Path, matrices: list[list[Any]]) -> None:
    """With as many chosen as there are, and all alike, the result is their mean."""
    router = np.zeros((EXPERTS, WIDTH), np.float32)
    kernels = built(shared_cache)
    x = tokens(5)
    parts = [
        compiled(kernels, "FeedForward", [op.constant(v) for v in values], ATTRIBUTES)(x) - x
        for values in matrices
    ]

    found = mixture(kernels, matrices, router, chosen=EXPERTS)(x)

    assert np.allclose(found, x + np.mean(parts, axis=0), atol=1e-4)


def test_a_token_that_is_not_a_number_stays_so_and_spoils_no_other(
    shared_cache: Path, matrices: list[list[Any]]
) -> None:
    router = np.random.default_rng(3).normal(size=(EXPERTS, WIDTH)).astype(np.float32)
    together = mixture(built(shared_cache), matrices, router, chosen=2)
    x = tokens(5)
    whole = together(x)
    x[2, 7] = np.nan

    found = together(x)

    assert np.isnan(found[2]).all()
    assert np.array_equal(np.delete(found, 2, 0), np.delete(whole, 2, 0))


def test_shapes_that_do_not_fit_are_refused(shared_cache: Path, matrices: list[list[Any]]) -> None:
    kernels = built(shared_cache)
    router = np.zeros((EXPERTS, WIDTH), np.float32)
    with pytest.raises(RuntimeError, match="so many experts cannot be chosen"):
        mixture(kernels, matrices, router, chosen=EXPERTS + 1)
    with pytest.raises(RuntimeError, match="down has another shape"):
        mixture(kernels, [[g, u, d[: len(d) // 2]] for g, u, d in matrices], router, chosen=1)
