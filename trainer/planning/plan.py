"""What a training will do, worked out before any weight is loaded.

From options, data, tokenizer and the model's configuration: rows, tokens, steps, memory, duration,
and everything that was left open in the options. It does not train and does not load weights.
"""

import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trainer.adapters import adapter_files, names
from trainer.base_model.load import FP32_BELOW_PARAMETERS, load_config
from trainer.base_model.source import Source, find
from trainer.base_model.tokenizer import load_tokenizer
from trainer.cpu import cpu_has_bf16
from trainer.data import dataset
from trainer.data.encoding import Encoded, encode_rows
from trainer.data.rows import Row
from trainer.data.steps import Steps
from trainer.errors import DataUnusable, OptionInvalid
from trainer.planning import memory, speeds
from trainer.planning.options import Options
from trainer.prompts.styles import STYLES, Style, Tokenizer, choose_style

BATCH = 128
STEPS_WANTED = 50
HELD_OUT_SHARE = 8
HEADER_BYTES = 1_000_000
"""More than the names of an adapter's tensors take in its file."""
EVALUATION_COST = 0.4
"""What an evaluated token costs of a trained one: forward only, against forward and backward."""


@dataclass(frozen=True)
class HeldOut:
    """Rows never trained on; `encoded[i]` is `rows[i]`."""

    rows: list[Row]
    encoded: list[Encoded]


@dataclass(frozen=True)
class Plan:
    """A training, ready to start; `options` has nothing left open but, at most, the threads."""

    options: Options
    source: Source
    tokenizer: Tokenizer
    style: Style
    steps: Steps
    held_out: HeldOut
    shape: memory.Shape
    estimate: memory.Estimate
    output: Path
    wanted_output: Path
    processes: int
    local_processes: int
    speed: float | None
    facts: dict[str, Any]
    """Rows read, dropped and cut, and the data's name and digest."""

    @property
    def speed_key(self) -> str:
        """Under which this training's speed is remembered."""
        return speeds.key(self.source.name, self.options.precision, self.processes)

    @property
    def seconds(self) -> float | None:
        """The duration at the speed remembered for this host and model, None if never measured."""
        return self.seconds_at(self.speed) if self.speed else None

    def seconds_at(self, tokens_per_second: float) -> float:
        """Return the duration of training and evaluation at a speed."""
        held_out = sum(len(row.ids) for row in self.held_out.encoded)
        return (sum(self.steps.tokens) + 4 * EVALUATION_COST * held_out) / tokens_per_second

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain JSON values."""
        return {
            **self.facts,
            "model": self.source.name,
            "style": self.style.name,
            "precision": self.options.precision,
            "threads": self.options.threads,
            "gradient_checkpointing": self.options.gradient_checkpointing,
            "validation_rows": len(self.held_out.rows),
            "tokens": sum(self.steps.tokens),
            "epochs": self.options.num_epochs,
            "batch_size": self.options.batch_size,
            "steps": len(self.steps),
            "parameters": self.shape.parameters,
            "memory_bytes": self.estimate.total,
            "memory_available_bytes": memory.available(),
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "speed_known": self.speed is not None,
            "tokens_per_second": self.speed,
            "output": str(self.output),
        }


def make(options: Options, home: Path, *, processes: int = 1, local_processes: int = 1) -> Plan:
    """Work out a training of `processes` processes, `local_processes` of them on this host.

    Raises:
        TrainerError: data, model, style or an option that cannot work.
    """
    wanted = names.folder_of(options.output_dir, home).absolute()
    read = dataset.read(options.data_path)
    source = find(options.base_model)
    tokenizer = load_tokenizer(source, cache=home / "cache")
    style = choose_style(tokenizer, options.style)
    config = load_config(source, cache=home / "cache")
    shape = memory.Shape.of(config)
    _check_length(options, config)
    train, held_out, facts = _split(options, read, style, tokenizer)
    _check_size(options, shape)
    options = _settled(options, shape, len(train), style)
    steps = Steps(
        rows=train,
        epochs=options.num_epochs,
        batch_size=options.batch_size or BATCH,
        limit=options.micro_batch_size * options.cutoff_len,
        seed=options.seed,
        train_on_inputs=options.train_on_inputs,
        share=options.packing,
    )
    key = speeds.key(source.name, options.precision, processes)
    return Plan(
        options=options,
        source=source,
        tokenizer=tokenizer,
        style=style,
        steps=steps,
        held_out=held_out,
        shape=shape,
        estimate=_estimate(options, shape, bool(options.gradient_checkpointing)),
        output=names.free_folder(wanted),
        wanted_output=wanted,
        processes=processes,
        local_processes=local_processes,
        speed=speeds.recall(home, key),
        facts=facts,
    )


def _check_length(options: Options, config: Any) -> None:
    context = getattr(config, "max_position_embeddings", None)
    if context and options.cutoff_len > context:
        raise OptionInvalid(
            f"--cutoff-len is {options.cutoff_len}, but the model's context has {context} tokens."
        )


def _check_size(options: Options, shape: memory.Shape) -> None:
    """Refuse now what would be refused as an adapter after days."""
    size = 4 * shape.lora_parameters(options.lora_target_modules, options.lora_r)
    if size > adapter_files.MAX_WEIGHTS_BYTES - HEADER_BYTES:
        most = adapter_files.MAX_WEIGHTS_BYTES
        raise OptionInvalid(
            f"--lora-r is {options.lora_r}, which makes an adapter of {size / 1e6:,.0f} MB, "
            f"and at most {most / 1e6:,.0f} MB can be used; choose a smaller rank."
        )


def _split(
    options: Options, read: dataset.DataSet, style: Style, tokenizer: Tokenizer
) -> tuple[list[Encoded], HeldOut, dict[str, Any]]:
    encoded = encode_rows(style, tokenizer, read.rows, cutoff=options.cutoff_len)
    dropped = read.dropped + encoded.dropped
    rows = [read.rows[index] for index in encoded.kept]
    if options.val_data_path:
        held_out, rows_left = _other_rows(options, style, tokenizer, rows)
        dropped["that are held out"] = len(rows) - len(rows_left)
        train = [encoded.rows[index] for index in rows_left]
    else:
        chosen, rest = _choose(len(rows), options)
        held_out = HeldOut([rows[i] for i in chosen], [encoded.rows[i] for i in chosen])
        train = [encoded.rows[index] for index in rest]
    if not train:
        raise DataUnusable(
            f"None of the {read.read} rows of {options.data_path!r} is left to train on: "
            + ", ".join(f"{count} {why}" for why, count in dropped.items() if count)
            + "."
        )
    reasons = {why: count for why, count in dropped.items() if count}
    facts = {
        "data": read.name,
        "data_digest": read.digest,
        "read": read.read,
        "rows": len(train),
        "dropped": sum(reasons.values()),
        "dropped_reasons": reasons,
        "cut": encoded.cut,
    }
    return train, held_out, facts


def _choose(rows: int, options: Options) -> tuple[list[int], list[int]]:
    """Choose the held-out rows by the seed alone; the rest keep their order."""
    count = min(options.val_set_size, rows // HELD_OUT_SHARE)
    chosen = set(random.Random(f"{options.seed}/held out").sample(range(rows), count))
    return sorted(chosen), [index for index in range(rows) if index not in chosen]


def _other_rows(
    options: Options, style: Style, tokenizer: Tokenizer, rows: list[Row]
) -> tuple[HeldOut, list[int]]:
    """Hold out rows of another source; rows that are in both are not trained on."""
    read = dataset.read(str(options.val_data_path))
    encoded = encode_rows(style, tokenizer, read.rows, cutoff=options.cutoff_len)
    kept = [(read.rows[place], one) for place, one in zip(encoded.kept, encoded.rows, strict=True)]
    kept = kept[: options.val_set_size]
    held = {row for row, _ in kept}
    left = [index for index, row in enumerate(rows) if row not in held]
    return HeldOut([row for row, _ in kept], [one for _, one in kept]), left


def _settled(options: Options, shape: memory.Shape, rows: int, style: Style) -> Options:
    """Decide what was left open, but for the threads, which are measured."""
    assert style.name in STYLES
    precision = options.precision
    if precision == "auto":
        large = shape.parameters >= FP32_BELOW_PARAMETERS
        precision = "int8" if large and cpu_has_bf16() else "fp32"
    options = replace(
        options,
        style=style.name,
        precision=precision,
        batch_size=options.batch_size or min(BATCH, max(4, rows // STEPS_WANTED)),
    )
    if options.gradient_checkpointing is None:
        fits = _estimate(options, shape, False).total <= memory.available()
        options = replace(options, gradient_checkpointing=not fits)
    return options


def _estimate(options: Options, shape: memory.Shape, checkpointing: bool) -> memory.Estimate:
    return memory.estimate(
        shape,
        precision=options.precision,
        targets=options.lora_target_modules,
        rank=options.lora_r,
        pack_tokens=options.micro_batch_size * options.cutoff_len,
        checkpointing=checkpointing,
    )
