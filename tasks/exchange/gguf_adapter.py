"""An adapter as a GGUF file, which llama.cpp applies to the same base model with `--lora`.

The names and the order of rows are those of llama.cpp's `convert_lora_to_gguf.py`. Knows no
checkpoint: only the base model's configuration is read.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.engines.openvino.convert.sources.gguf_tensors import (
    IN_BLOCK,
    ROTATED_IN_PAIRS,
    paired,
)
from tasks.exchange.fitting import check_fits, pairs
from tasks.exchange.targets import require_free, whole_file
from trainer.adapters.adapter import Adapter
from trainer.base_model.load import load_config
from trainer.base_model.source import Source
from trainer.errors import AdapterRefused
from trainer.files import make_private, writing

if TYPE_CHECKING:
    import torch

ARCHITECTURES = {
    "llama": "llama",
    "mistral": "llama",
    "qwen3": "qwen3",
    "qwen3_moe": "qwen3moe",
}
"""llama.cpp's name of an architecture by Hugging Face's `model_type`."""

PARTS = {part: name for name, part in IN_BLOCK.items()}
"""llama.cpp's name of a layer by its name in a Hugging Face checkpoint, as `self_attn.q_proj`."""


def export_gguf(
    adapter: Adapter,
    source: Source,
    file: Path,
    *,
    cache: Path,
    progress: Callable[[int, int], None],
) -> None:
    """Write `adapter` of the model in `source` as the GGUF file `file`, in float32.

    llama.cpp adds alpha / rank · B·A; the alpha that is written makes that our scale.

    Raises:
        NotWritable: the file is there already, or the disk is full or refuses.
        AdapterRefused: the adapter does not fit the model, or llama.cpp's layout of this is not
            known here.
        ModelMissing: the model's configuration is not here and could not be fetched.
    """
    require_free(file)
    check_fits(adapter, source, cache=cache)
    config = load_config(source, cache=cache)
    if config.model_type not in ARCHITECTURES:
        raise AdapterRefused(
            f"{source.name} is a {config.model_type} model, whose layout in llama.cpp is not known "
            f"here; of {', '.join(ARCHITECTURES)} it is. Merge the adapter, and convert that there."
        )
    with writing(file.parent):
        make_private(file.parent)
    with whole_file(file) as temporary:
        _write(adapter, source, config, temporary, progress)


def _write(
    adapter: Adapter,
    source: Source,
    config: Any,
    file: Path,
    progress: Callable[[int, int], None],
) -> None:
    from gguf import GGUFType, GGUFWriter, Keys

    architecture = ARCHITECTURES[config.model_type]
    writer = GGUFWriter(file, architecture)
    writer.add_type(GGUFType.ADAPTER)
    writer.add_name(adapter.name)
    writer.add_base_model_count(1)
    writer.add_base_model_name(0, source.name)
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, adapter.scale * adapter.rank)
    layers = pairs(adapter)
    for done, (layer, (a, b)) in enumerate(layers.items(), start=1):
        _, _, number, part = layer.split(".", 3)
        name = f"blk.{number}.{PARTS[part]}.weight"
        if architecture == ROTATED_IN_PAIRS:
            b = _in_pairs(part, b, config, layer)
        writer.add_tensor(f"{name}.lora_a", a.float().numpy())
        writer.add_tensor(f"{name}.lora_b", b.float().numpy())
        progress(done, len(layers))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _in_pairs(part: str, b: "torch.Tensor", config: Any, layer: str) -> "torch.Tensor":
    """Return B [out, rank] with its rows, which are those of the weight, in llama.cpp's order."""
    heads = {
        "self_attn.q_proj": config.num_attention_heads,
        "self_attn.k_proj": config.num_key_value_heads,
    }
    return b[paired(len(b), heads[part], layer)] if part in heads else b
