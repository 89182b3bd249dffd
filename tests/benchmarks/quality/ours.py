"""Our side: the converted graph's logits, computed with the properties and kernels of serving."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import openvino as ov
import torch

from tasks.engines.openvino.convert.converted import WEIGHTS, Converted
from tasks.engines.openvino.convert.packed_matrix import packed_bytes
from tasks.engines.openvino.convert.precision import OUTER_MATRICES, matrix_formats
from tasks.engines.openvino.serving import pipeline_spec


def logits(converted: Converted, ids: torch.Tensor) -> Iterator[torch.Tensor]:
    """Yield the logits [tokens, vocabulary] of each of `ids` [pieces, tokens]."""
    core = ov.Core()
    if converted.kernels:
        core.add_extension(str(converted.kernels))
    properties = dict(pipeline_spec(converted, threads=None).properties)
    model = core.compile_model(str(converted.folder / "openvino_model.xml"), "CPU", properties)
    request: Any = model.create_infer_request()
    count = ids.shape[1]
    for piece in ids:
        request.reset_state()
        outputs = request.infer(
            {
                "input_ids": piece[None].numpy(),
                "attention_mask": np.ones((1, count), np.int64),
                "position_ids": np.arange(count)[None],
                "beam_idx": np.zeros(1, np.int32),
            }
        )
        yield torch.from_numpy(outputs["logits"][0].copy())


def bits(converted: Converted) -> float:
    """Return the bits that a weight of the blocks' matrices takes, scales included."""
    architecture = converted.architecture
    formats = matrix_formats(
        architecture, converted.precision, kernels=converted.kernels is not None
    )
    weights = size = 0
    for name, shape in architecture.matrices.items():
        if name not in OUTER_MATRICES:
            weights += shape[0] * shape[1]
            size += packed_bytes(formats[name][0], shape, formats[name][1])
    return 8 * size / weights


def size(converted: Converted) -> int:
    """Return the bytes of the graph's weights."""
    return (converted.folder / WEIGHTS).stat().st_size
