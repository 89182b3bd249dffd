"""An adapter: what its files say, checked before it is used.

An adapter is a folder with PEFT's `adapter_config.json` and `adapter_model.safetensors`, and our
`swallow.json`. This module does not load weights and does not know which adapter is in use.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.adapters.adapter_files import ABOUT, CONFIG, checked_digest, json_object, read_small
from trainer.errors import AdapterMissing, AdapterRefused

MAX_RANK = 512
UNSUPPORTED_OPTIONS = (
    "rank_pattern",
    "alpha_pattern",
    "modules_to_save",
    "target_parameters",
    "use_dora",
    "fan_in_fan_out",
    "lora_bias",
    "layer_replication",
    "trainable_token_indices",
    "alora_invocation_tokens",
    "use_qalora",
    "use_bdlora",
    "arrow_config",
    "kasa_config",
    "monteclora_config",
    "velora_config",
)
"""Options of PEFT that change what an adapter computes in ways that the engines cannot follow."""

INITIALISATIONS = (True, False, None, "gaussian", "orthogonal", "eva")
"""How PEFT may have begun an adapter. Others, such as "pissa", take away from the base model what
the adapter begins with: it belongs to those changed weights."""

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers of a Llama block, the only ones an adapter may change."""


@dataclass(frozen=True)
class Adapter:
    """An adapter whose files were checked: a LoRA of rank `rank` on `targets` of `base_model`.

    `digest` is the SHA-256 of configuration and weights in hex, `style` the name of the prompt
    style it was trained with, None where that is not known.
    """

    name: str
    path: Path
    base_model: str
    style: str | None
    rank: int
    alpha: float
    rslora: bool
    targets: tuple[str, ...]
    digest: str
    about: Mapping[str, Any]
    """The content of `swallow.json`; empty for an adapter that another program trained."""

    @property
    def scale(self) -> float:
        """The factor of B·A: alpha / r, or alpha / sqrt(r) for rsLoRA (arXiv:2312.03732)."""
        return self.alpha / (self.rank**0.5 if self.rslora else self.rank)

    @property
    def trained_on(self) -> str:
        """The base model's name without its folder, which differs between hosts."""
        return self.base_model.rstrip("/").rpartition("/")[2]


def read(folder: Path) -> Adapter:
    """Check the adapter in `folder` and return its facts.

    Raises:
        AdapterMissing: there is no such folder, or it is a link.
        AdapterRefused: its files are missing, too large or broken, or it is not a LoRA of the
            kind that the engines can apply.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise AdapterMissing(folder.name, folder.parent)
    encoded = read_small(folder, CONFIG)
    config = json_object(folder, CONFIG, encoded)
    _check_supported(folder, config)
    about: Mapping[str, Any] = {}
    if os.path.lexists(folder / ABOUT):
        about = json_object(folder, ABOUT, read_small(folder, ABOUT))
    base = about.get("base_model") or config.get("base_model_name_or_path") or ""
    style = about.get("style")
    return Adapter(
        name=folder.name,
        path=folder,
        base_model=str(base),
        style=str(style) if style else None,
        rank=_rank(folder, config),
        alpha=_alpha(folder, config),
        rslora=bool(config.get("use_rslora")),
        targets=_targets(folder, config),
        digest=checked_digest(folder, encoded),
        about=about,
    )


def check_base(adapter: Adapter, model_name: str) -> None:
    """Make sure that `adapter` was trained on the model called `model_name`.

    Only the last parts of the names are compared: the same model may lie in different folders on
    different hosts.

    Raises:
        AdapterRefused: the base models differ.
    """
    if adapter.trained_on != model_name.rstrip("/").rpartition("/")[2]:
        raise AdapterRefused(
            f"The adapter {adapter.name!r} was trained on "
            f"{adapter.trained_on or 'an unnamed model'} and cannot be used with {model_name}."
        )


def _check_supported(folder: Path, config: Mapping[str, Any]) -> None:
    if config.get("peft_type") != "LORA":
        raise AdapterRefused(f"The adapter {folder.name!r} is not a LoRA; only LoRA is supported.")
    used = [option for option in UNSUPPORTED_OPTIONS if config.get(option)]
    if config.get("init_lora_weights") not in INITIALISATIONS:
        used.append(f"init_lora_weights={config['init_lora_weights']!r}")
    if used or config.get("bias", "none") != "none":
        what = ", ".join(used or ["bias"])
        raise AdapterRefused(f"The adapter {folder.name!r} uses {what}, which is not supported.")


def _rank(folder: Path, config: Mapping[str, Any]) -> int:
    rank = config.get("r")
    if not isinstance(rank, int) or not 1 <= rank <= MAX_RANK:
        raise AdapterRefused(
            f"The adapter {folder.name!r} has rank {rank!r}; 1 to {MAX_RANK} is possible."
        )
    return rank


def _alpha(folder: Path, config: Mapping[str, Any]) -> float:
    alpha = config.get("lora_alpha") or config["r"]
    if not isinstance(alpha, (int, float)) or not 0 < alpha < 1e6:
        raise AdapterRefused(
            f"The adapter {folder.name!r} has lora_alpha {alpha!r}; "
            "a number above 0 and below 1,000,000 is possible."
        )
    return float(alpha)


def _targets(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    targets = config.get("target_modules")
    names = targets if isinstance(targets, list) else [targets] if targets else []
    unknown = [str(name) for name in names if name not in PROJECTIONS]
    if unknown or not names:
        raise AdapterRefused(
            f"The adapter {folder.name!r} changes {', '.join(unknown) or 'nothing'}; "
            f"only {', '.join(PROJECTIONS)} can be changed."
        )
    return tuple(name for name in PROJECTIONS if name in names)
