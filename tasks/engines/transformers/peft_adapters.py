"""LoRA adapters attached to one loaded base model through PEFT.

The configuration is rebuilt from the checked facts and the tensors are read from safetensors:
nothing an adapter's folder says is imported or unpickled. The base's weights are never changed.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from safetensors.torch import load_file

from trainer.adapters.adapter import Adapter
from trainer.adapters.adapter_files import WEIGHTS
from trainer.errors import AdapterRefused

KEPT = 4
"""Adapters that stay attached; beyond it, the one unused for longest is detached."""


class AttachedAdapters:
    """The adapters of one base model, attached when first used."""

    def __init__(self, base: Any) -> None:
        self.base = base
        self._peft: Any = None
        self._attached: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def base_only(self) -> Iterator[Any]:
        """Give the model as it is without any adapter."""
        if self._peft is None:
            yield self.base
            return
        with self._peft.disable_adapter():
            yield self._peft

    @contextmanager
    def using(self, adapter: Adapter) -> Iterator[Any]:
        """Give the model with `adapter` active.

        Raises:
            AdapterRefused: its tensors do not fit the base model.
        """
        # By content, so that an adapter replaced under its old name is read again.
        key = f"adapter_{adapter.digest[:16]}"
        if key not in self._attached:
            self._attach(adapter, key)
        self._attached.move_to_end(key)
        self._peft.set_adapter(key)
        yield self._peft

    def _attach(self, adapter: Adapter, key: str) -> None:
        from peft import LoraConfig, PeftModel, set_peft_model_state_dict

        tensors = load_file(adapter.path / WEIGHTS)
        config = LoraConfig(
            r=adapter.rank,
            lora_alpha=adapter.alpha,
            use_rslora=adapter.rslora,
            target_modules=list(adapter.targets),
            task_type="CAUSAL_LM",
            inference_mode=True,
        )
        if self._peft is None:
            self._peft = PeftModel(self.base, config, adapter_name=key).eval()
        else:
            self._peft.add_adapter(key, config)
        self._attached[key] = None
        try:
            result = set_peft_model_state_dict(self._peft, tensors, adapter_name=key)
            _insist(adapter, key, tensors, result)
        except (RuntimeError, AdapterRefused) as error:
            self._detach(key)
            raise AdapterRefused(
                f"The adapter {adapter.name!r} does not fit the model: its tensors differ in name "
                "or shape."
            ) from error
        if len(self._attached) > KEPT:
            self._detach(next(iter(self._attached)))

    def _detach(self, key: str) -> None:
        del self._attached[key]
        if self._attached:
            self._peft.set_adapter(next(reversed(self._attached)))
            self._peft.delete_adapter(key)
        else:
            self._peft = None
            self.base = _stripped(self.base)


def _insist(adapter: Adapter, key: str, tensors: dict[str, torch.Tensor], result: Any) -> None:
    """Refuse an adapter of which something was ignored, or that lacks something."""
    missing = [name for name in result.missing_keys if f".{key}." in name]
    if result.unexpected_keys or missing or not tensors:
        raise AdapterRefused(f"The adapter {adapter.name!r} has tensors that belong nowhere.")
    if any(not torch.isfinite(tensor).all() for tensor in tensors.values()):
        raise AdapterRefused(f"The adapter {adapter.name!r} holds values that are not finite.")


def _stripped(base: Any) -> Any:
    """Return the base without PEFT's wrapping, its weights untouched."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(base.named_modules()):
        if isinstance(module, BaseTunerLayer):
            parent, _, child = name.rpartition(".")
            setattr(base.get_submodule(parent), child, module.get_base_layer())
    return base
