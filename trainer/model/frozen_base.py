"""The base model for training: frozen and in the chosen precision.

For int8 the linear layers are quantised one by one as they are read, so that the whole model is
never in memory in a wider type. This module does not know data or the training loop.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from trainer.base_model import load as base_model
from trainer.base_model.source import Source
from trainer.errors import ModelMissing
from trainer.model.fused import fuse
from trainer.model.int8 import Int8Linear, LastInput
from trainer.model.output_layer import Int8OutputLayer

TORCH_TYPES = {"int8": torch.bfloat16, "bf16": torch.bfloat16, "fp32": torch.float32}
BLOCKS = "model.layers."
"""How the names of all modules of the transformer blocks begin."""


def load(
    source: Source, precision: str, *, cache: Path, int8_output: bool = False
) -> torch.nn.Module:
    """Load the weights of `source`, frozen, in `precision` int8, bf16 or fp32.

    With int8 the linear layers of the blocks are Int8Linear, and embeddings, norms and, unless
    `int8_output`, the output layer are bf16.

    Raises:
        ModelMissing: the files are not on this machine and could not be fetched, are broken or
            incomplete, or are not of a causal LM with a Llama's structure.
    """
    files = _safetensors(source) if precision == "int8" else []
    if files:
        return _load_int8(source, files, cache, int8_output)
    model: torch.nn.Module = base_model.load_model(
        source, dtype=TORCH_TYPES[precision], cache=cache
    )
    model.requires_grad_(False)
    _check(model, source)
    if precision == "int8":
        quantise(model, int8_output=int8_output)
    return model


def _check(model: Any, source: Source) -> None:
    if not hasattr(model, "lm_head") or not hasattr(getattr(model, "model", None), "layers"):
        raise ModelMissing(f"{source.name} is not a causal language model of the Llama family.")


def _safetensors(source: Source) -> list[Path]:
    """Return the safetensors files of a folder or a hub id; none where it has another format."""
    if source.gguf:
        return []
    folder = Path(source.path)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        try:
            patterns = ["*.safetensors", "*.json"]
            folder = Path(
                snapshot_download(source.path, revision=source.revision, allow_patterns=patterns)
            )
        except (OSError, ValueError):
            return []  # the caller then loads the whole model, which raises the error
    return sorted(folder.glob("*.safetensors"))


def _load_int8(
    source: Source, files: list[Path], cache: Path, int8_output: bool
) -> torch.nn.Module:
    """Build the model without weights, then read the tensors one by one into it."""
    from safetensors import SafetensorError, safe_open
    from transformers import AutoModelForCausalLM

    config = base_model.load_config(source, cache=cache)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.requires_grad_(False)
    _check(model, source)
    to_quantise = {f"{path}.weight" for path, _, _ in _linears(model)}
    inputs = LastInput()
    try:
        for file in files:
            with safe_open(file, "pt") as opened:
                for name in opened.keys():  # noqa: SIM118 - not a dict
                    _place(model, name, opened.get_tensor(name), name in to_quantise, inputs)
    except (SafetensorError, OSError) as error:
        raise ModelMissing(
            f"The weights of {source.name} in {file} are unusable: {error}."
        ) from error
    # Not among the weights: its frequencies are computed from the configuration.
    model.model.rotary_emb = type(model.model.rotary_emb)(config=config)
    model.tie_weights()
    missing = [name for name, one in model.named_parameters() if one.is_meta]
    if missing:
        raise ModelMissing(f"The weights of {source.name} lack {missing[0]}; fetch them again.")
    _finish(model, int8_output)
    frozen: torch.nn.Module = model.eval()
    return frozen


def _place(
    model: torch.nn.Module, name: str, tensor: torch.Tensor, linear: bool, inputs: LastInput
) -> None:
    """Store `tensor`, the weight called `name`, in its module: as int8 if `linear`, else as bf16.

    `tensor` is [out, in] for a linear layer, and of any shape and float type otherwise.
    """
    path, _, leaf = name.rpartition(".")
    try:
        module = model.get_submodule(path)
    except AttributeError:
        return  # a tensor that the model does not use, such as the rotary frequencies of old files
    if linear:
        parent, _, child = path.rpartition(".")
        setattr(model.get_submodule(parent), child, Int8Linear(tensor, inputs))
    elif leaf in module._parameters:
        kept = torch.nn.Parameter(tensor.to(torch.bfloat16), requires_grad=False)
        module._parameters[leaf] = kept


def quantise(model: torch.nn.Module, *, int8_output: bool = False) -> None:
    """Replace the linear layers of the blocks by Int8Linear, in place, and fuse the rest.

    With `int8_output` the output layer becomes an Int8OutputLayer.
    """
    inputs = LastInput()
    for path, parent, linear in list(_linears(model)):
        setattr(parent, path.rpartition(".")[2], Int8Linear(linear.weight.data, inputs))
        linear.weight.data = torch.empty(0)
    _finish(model, int8_output)


def _finish(model: Any, int8_output: bool) -> None:
    """Quantise the output layer if wanted, and fuse the rest; a tied embedding stays as it is."""
    if int8_output:
        model.lm_head = Int8OutputLayer(model.lm_head.weight.data)
    fuse(model)


def _linears(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Module, torch.nn.Linear]]:
    """Yield the path, the parent and the layer of each linear layer of the blocks without bias."""
    for path, module in model.named_modules():
        plain = isinstance(module, torch.nn.Linear) and module._parameters["bias"] is None
        if plain and path.startswith(BLOCKS):
            yield path, model.get_submodule(path.rpartition(".")[0]), module


def checkpoint_gradients(model: Any) -> None:
    """Turn on activation checkpointing (arXiv:1604.06174).

    Only each block's input is kept for the backward pass, which computes the block again: less
    memory, more time.
    """
    model.activation_checkpointing_enable(activation_checkpointing_kwargs={"use_reentrant": False})
