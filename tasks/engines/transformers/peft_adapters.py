"""LoRA adapters attached to one loaded base model through PEFT.

PEFT's configuration is built from the checked fields of `Adapter` and the tensors are read from
safetensors: nothing in an adapter's folder is imported or unpickled. The base model's weights are
never changed. `tasks.adapters.verify` has checked the tensors before.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from safetensors.torch import load

from trainer.adapters.adapter import Adapter
from trainer.adapters.adapter_files import read_weights
from trainer.errors import AdapterRefused

MAX_ATTACHED = 4
"""Adapters that stay attached; beyond it, the least recently used one is detached."""


class AttachedAdapters:
    """The adapters of one base model, attached when first used."""

    def __init__(self, base: Any) -> None:
        self.base = base
        self._peft: Any = None
        self._attached: OrderedDict[str, None] = OrderedDict()

    @contextmanager
    def base_only(self) -> Iterator[Any]:
        """Give the base model with no adapter active."""
        if self._peft is None:
            yield self.base
            return
        with self._peft.disable_adapter():
            yield self._peft

    @contextmanager
    def using(self, adapter: Adapter) -> Iterator[Any]:
        """Give the model with `adapter` active.

        Raises:
            AdapterRefused: its files were replaced since they were checked, or PEFT has no place
                for its tensors.
        """
        # Keyed by content: another adapter under the same name is attached beside the old one.
        key = f"adapter_{adapter.digest[:16]}"
        if key not in self._attached:
            self._attach(adapter, key)
        self._attached.move_to_end(key)
        self._peft.set_adapter(key)
        yield self._peft

    def _attach(self, adapter: Adapter, key: str) -> None:
        from peft import LoraConfig, PeftModel, set_peft_model_state_dict

        tensors = load(read_weights(adapter.path, adapter.digest))
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
            _require_all_loaded(adapter, key, result)
        except (RuntimeError, AdapterRefused) as error:
            self._detach(key)
            raise AdapterRefused(
                f"The adapter {adapter.name!r} does not fit the model: its tensors differ in name "
                "or shape."
            ) from error
        if len(self._attached) > MAX_ATTACHED:
            self._detach(next(iter(self._attached)))

    def _detach(self, key: str) -> None:
        del self._attached[key]
        if self._attached:
            self._peft.set_adapter(next(reversed(self._attached)))
            self._peft.delete_adapter(key)
        else:
            self._peft = None
            self.base = _unwrapped(self.base)


def _require_all_loaded(adapter: Adapter, key: str, result: Any) -> None:
    """Refuse an adapter of which PEFT ignored or missed a tensor, whatever the checks before."""
    missing = [name for name in result.missing_keys if f".{key}." in name]
    if result.unexpected_keys or missing:
        raise AdapterRefused(f"PEFT did not load all tensors of the adapter {adapter.name!r}.")


def _unwrapped(base: Any) -> Any:
    """Return the base model with PEFT's layers replaced by the layers they wrap."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(base.named_modules()):
        if isinstance(module, BaseTunerLayer):
            parent, _, child = name.rpartition(".")
            setattr(base.get_submodule(parent), child, module.get_base_layer())
    return base
