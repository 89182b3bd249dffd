"""transformers' model of a checkpoint, computed with one decoder block in memory at a time.

So a model far larger than memory can be run over a text once. Knows how transformers names a
decoder's parts; does not know what they are run for.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tasks.engines.openvino.convert.checkpoint import Checkpoint

if TYPE_CHECKING:
    import torch


class Streamed:
    """The decoder in `checkpoint`, computed in `dtype`, a torch.dtype.

    `on_block` is called before each block is computed, with its number.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        dtype: Any,
        on_block: Callable[[int], None] = lambda number: None,
    ) -> None:
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM

        self.checkpoint = checkpoint
        self.dtype = dtype
        self.on_block = on_block
        config = AutoConfig.from_pretrained(str(checkpoint.folder))
        with torch.device("meta"):
            self.model: Any = AutoModelForCausalLM.from_config(config, dtype=dtype).eval()
        self.model.requires_grad_(False)
        decoder = self.model.model
        # What is not in the checkpoint is computed at construction.
        decoder.rotary_emb = type(decoder.rotary_emb)(config)
        for number, block in enumerate(decoder.layers):
            block.register_forward_pre_hook(self._loader(number))
            block.register_forward_hook(_unload)
        self._load(decoder.norm, "model.norm")

    def hidden(self, ids: "torch.Tensor") -> "torch.Tensor":
        """Return what the output layer gets for `ids` [pieces, tokens]: [pieces, tokens, width]."""
        import torch

        embeddings = self.checkpoint.tensor("model.embed_tokens.weight")  # mapped: rows are read
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
        return self.checkpoint.tensor(name).to(self.dtype)

    def _loader(self, number: int) -> Callable[..., None]:
        def load(block: Any, _: Any) -> None:
            self.on_block(number)
            self._load(block, f"model.layers.{number}")

        return load

    def _load(self, module: Any, name: str) -> None:
        weights = {
            key: self.checkpoint.tensor(f"{name}.{key}").to(self.dtype)
            for key in module.state_dict()
        }
        module.load_state_dict(weights, assign=True)


def _unload(block: Any, *_: Any) -> None:
    block.to("meta")
