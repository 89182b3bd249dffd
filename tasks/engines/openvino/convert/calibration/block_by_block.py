"""Packs the linear layers of a model block by block, each on what it gets behind packed ones.

So the later blocks make up for errors of the earlier ones. What is packed already is taken as it
is, so an interrupted run goes on where it stopped. Does not know how a matrix is packed.
"""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from tasks.engines.openvino.convert.calibration.streamed import Streamed
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.engines.openvino.convert.packed_matrix import PackedMatrix

if TYPE_CHECKING:
    import torch

TOKENS = 8192
"""Tokens of the calibration's texts that are read: there are as many products of two inputs to know
as an input's width squared, and 2,048 tokens fitted the weights to themselves."""

Pack = Callable[[str, "torch.Tensor"], PackedMatrix]
"""Packs and stores a matrix by its name and the sum of x·xᵀ [in, in] float32 over its inputs x."""


def pack_blocks(
    checkpoint: Checkpoint,
    ids: "torch.Tensor",
    dtype: Any,
    *,
    names: Collection[str],
    packed: Callable[[str], PackedMatrix | None],
    pack: Pack,
    on_block: Callable[[int], None],
) -> None:
    """Pack the linear layers in `names` on the token ids [pieces, tokens], computed in `dtype`.

    `packed` returns a matrix that is packed already. `on_block` is called before each block, with
    its number.

    Raises:
        ModelUnsupported: the matrices cannot be loaded one by one.
    """
    ready: dict[str, PackedMatrix] = {}

    def weight(name: str) -> "torch.Tensor":
        from tasks.engines.openvino.convert.pack import unpack

        matrix = ready.get(name.removesuffix(".weight"))
        return checkpoint.tensor(name) if matrix is None else unpack(matrix)

    model = Streamed(checkpoint, dtype, on_block, weight)
    for number in range(len(model.model.model.layers)):
        linears = {name: part for name, part in model.linears_of(number) if name in names}
        _Block(model.block(number), linears, ready, packed, pack).attach()
    model.hidden(ids)


class _Block:
    """Packs one block when the model computes it, and has it computed again with what was packed.

    `ready` holds the packed matrices of the block that is being computed.
    """

    def __init__(
        self,
        block: Any,
        linears: dict[str, Any],
        ready: dict[str, PackedMatrix],
        packed: Callable[[str], PackedMatrix | None],
        pack: Pack,
    ) -> None:
        self.block = block
        self.linears = linears
        self.ready = ready
        self.packed = packed
        self.pack = pack
        self.grams = _Grams()

    def attach(self) -> None:
        """Have the model call this object when it computes the block."""
        self.block.register_forward_pre_hook(self._begin)
        self.block.register_forward_hook(self._end, with_kwargs=True)
        for name, linear in self.linears.items():
            linear.register_forward_pre_hook(self._measurer(name))

    @property
    def _is_ready(self) -> bool:
        return self.linears.keys() <= self.ready.keys()

    def _begin(self, *_: Any) -> None:
        if self._is_ready:
            return
        self.ready.clear()
        found = {name: self.packed(name) for name in self.linears}
        whole = {name: matrix for name, matrix in found.items() if matrix is not None}
        if len(whole) == len(found):
            self.ready.update(whole)

    def _measurer(self, name: str) -> Callable[..., None]:
        def measure(_: Any, arguments: "tuple[torch.Tensor]") -> None:
            if not self._is_ready:
                self.grams.add(name, arguments[0])

        return measure

    def _end(self, block: Any, arguments: Any, named: Any, output: Any) -> Any:
        if self._is_ready:
            return output
        made = {name: self.pack(name, self.grams.of[name]) for name in self.linears}
        self.grams.clear()
        self.ready.update(made)
        return block(*arguments, **named)


class _Grams:
    """The sums of x·xᵀ over the inputs x of linear layers, by the layers' names."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.of: dict[str, torch.Tensor] = {}
        self._input: torch.Tensor | None = None

    def add(self, name: str, x: "torch.Tensor") -> None:
        """Measure the input x [pieces, tokens, in] of the layer `name`."""
        if x is self._input:  # as of the query, the key and the value projection
            self.of[name] = self.of[next(reversed(self.of))]
            return
        rows = x.reshape(-1, x.shape[-1]).float()
        self.of[name] = rows.T @ rows
        self._input = x
