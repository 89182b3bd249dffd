"""transformers' model of a checkpoint, computed with one matrix in memory at a time.

So a model far larger than memory can be run over a text once. Knows how transformers names a
decoder's parts; does not know what they are run for.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tasks.engines.openvino.convert.calibration.experts import single_experts
from tasks.engines.openvino.convert.checkpoint import Checkpoint
from tasks.errors import ModelUnsupported

if TYPE_CHECKING:
    import torch


class Streamed:
    """The decoder in `checkpoint`, computed in `dtype`, a torch.dtype.

    `on_block` is called before each block is computed, with its number. `weight` returns a weight
    by its name in the checkpoint, instead of the checkpoint.

    Raises:
        ModelUnsupported: transformers names or joins the weights of a block in another way.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        dtype: Any,
        on_block: Callable[[int], None] = lambda number: None,
        weight: "Callable[[str], torch.Tensor] | None" = None,
    ) -> None:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        self.checkpoint = checkpoint
        self.dtype = dtype
        self.on_block = on_block
        self.weight = weight or checkpoint.tensor
        config = AutoConfig.from_pretrained(str(checkpoint.folder))
        with torch.device("meta"):
            self.model: Any = AutoModelForCausalLM.from_config(config, dtype=dtype).eval()
        self.model.requires_grad_(False)
        decoder = self.model.model
        # What is not in the checkpoint is computed at construction.
        decoder.rotary_emb = type(decoder.rotary_emb)(config)
        for block in decoder.layers:
            if hasattr(block.mlp, "experts"):
                block.mlp.experts = single_experts(block.mlp.experts, dtype)
        self._check(decoder.layers)
        for number, block in enumerate(decoder.layers):
            block.register_forward_pre_hook(self._reporter(number))
            self._stream(block, f"model.layers.{number}")
        self._stream(decoder.norm, "model.norm")

    def hidden(self, ids: "torch.Tensor") -> "torch.Tensor":
        """Return what the output layer gets for `ids` [pieces, tokens]: [pieces, tokens, width]."""
        import torch

        embeddings = self.weight("model.embed_tokens.weight")  # mapped: rows are read
        with torch.inference_mode():
            embedded = embeddings[ids].to(self.dtype)
            result: torch.Tensor = self.model.model(
                inputs_embeds=embedded, use_cache=False
            ).last_hidden_state
        return result

    def head(self) -> "torch.Tensor":
        """Return the weights of the output layer, [vocabulary, width]."""
        tied = "lm_head.weight" not in self.checkpoint.names()
        name = "model.embed_tokens.weight" if tied else "lm_head.weight"
        return self.weight(name).to(self.dtype)

    def linears(self) -> Iterator[tuple[str, Any]]:
        """Yield the linear layers of all blocks with their names in the checkpoint."""
        for number in range(len(self.model.model.layers)):
            yield from self.linears_of(number)

    def block(self, number: int) -> Any:
        """Return the module of a block."""
        return self.model.model.layers[number]

    def linears_of(self, number: int) -> Iterator[tuple[str, Any]]:
        """Yield the linear layers of a block with their names in the checkpoint."""
        import torch

        for name, module in self.block(number).named_modules():
            if isinstance(module, torch.nn.Linear):
                yield f"model.layers.{number}.{name}", module

    def _check(self, blocks: Any) -> None:
        names = self.checkpoint.names()
        for number, block in enumerate(blocks):
            for key in block.state_dict():
                if f"model.layers.{number}.{key}" not in names:
                    raise ModelUnsupported(f"its checkpoint has no model.layers.{number}.{key}")

    def _reporter(self, number: int) -> Callable[..., None]:
        return lambda *_: self.on_block(number)

    def _stream(self, module: Any, name: str) -> None:
        """Have the module and those in it load their own weights when they run, and drop them."""
        for inner, part in module.named_modules(prefix=name):
            if any(True for _ in part.parameters(recurse=False)):
                part.register_forward_pre_hook(self._loader(inner))
                part.register_forward_hook(_unload)

    def _loader(self, name: str) -> Callable[..., None]:
        def load(module: Any, _: Any) -> None:
            weights = {
                key: self.weight(f"{name}.{key}").to(self.dtype)
                for key, _ in module.named_parameters(recurse=False)
            }
            module.load_state_dict(weights, assign=True, strict=False)

        return load


def _unload(module: Any, *_: Any) -> None:
    module.to("meta")
