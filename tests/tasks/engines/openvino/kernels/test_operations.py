"""What our kernels compute beside the products that `check` compares."""

from pathlib import Path

import numpy as np
import openvino as ov
import torch
from openvino import opset15 as op
from openvino.utils.node_factory import NodeFactory

from tasks.engines.openvino.convert.pack import pack
from tests.tasks.engines.openvino.built_kernels import built


def test_what_is_not_finite_stays_so(shared_cache: Path) -> None:
    """NaN and infinite values must not become numbers that look right."""
    kernels = built(shared_cache)
    weights = torch.ones(32, 128)
    factory = NodeFactory()
    factory.add_extension(str(kernels))
    x = op.parameter(ov.PartialShape([-1, 128]), ov.Type.f32)
    residual = op.constant(np.zeros((1, 32), np.float32))
    matrix = op.constant(np.array(pack(weights, "blocks", 128).values))
    joined = factory.create("Joined", [x, residual, matrix], {"layer": 9, "epsilon": 0.0})
    core = ov.Core()
    core.add_extension(str(kernels))
    compiled = core.compile_model(ov.Model([op.result(joined)], [x], "check"), "CPU")
    for value, expected in ((np.nan, np.nan), (np.inf, np.nan), (1e-38, 0.0), (2.0, 129.0)):
        values = np.ones((1, 128), np.float32) if value == 2.0 else np.zeros((1, 128), np.float32)
        values[0, 5] = value

        (found,) = compiled(values).values()

        assert np.allclose(found, expected, rtol=0.01, atol=1e-6, equal_nan=True), value
