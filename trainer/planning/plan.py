"""What a training will do, worked out before any weight is loaded.

From options, data, tokenizer and the model's configuration come the steps, memory and duration, and
a value for every option that was left open. This module does not train and loads no weights.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from trainer.adapters import adapter_files, names
from trainer.adapters.adapter import PROJECTIONS
from trainer.base_model.load import FP32_BELOW_PARAMETERS, load_config
from trainer.base_model.quantised import method_name
from trainer.base_model.source import Source, find, pinned
from trainer.base_model.tokenizer import load_tokenizer
from trainer.corrections import replay
from trainer.corrections.checks import Checks
from trainer.corrections.recipe import recipe_for
from trainer.cpu import cpu_has_bf16, cpu_has_int8
from trainer.data import dataset, sources
from trainer.data.dataset import DataSet
from trainer.data.questions import question_key
from trainer.data.steps import Steps
from trainer.errors import OptionInvalid
from trainer.evaluation.verdict import pairings
from trainer.exam.paper import EXAMINED, Paper, corrections_in, paper, read_exam
from trainer.planning import memory, speeds
from trainer.planning.additions import Additions, added, answered
from trainer.planning.held_out import HeldOut, split
from trainer.planning.options import Options, decided
from trainer.prompts.templates import STYLES, Style, Tokenizer, choose_style

DEFAULT_BATCH_SIZE = 128
MIN_STEPS_PER_EPOCH = 50
"""A smaller data set gets smaller batches, so that an epoch still has about so many steps."""
MIN_BATCH_SIZE = 4
ATTENTION = PROJECTIONS[:4]
"""The layers that can be adapted in a model with experts."""
HEADER_BYTES = 1_000_000
"""More than the header of an adapter's file takes, which names its tensors."""
EVALUATION_COST = 0.4
"""The time of an evaluated token in that of a trained one: forward only, without backward."""
MEASUREMENTS = 10
"""How often a training is measured on its way, at most."""
UNTRAINABLE = {"gemma2": "soft-capped logits", "gpt_oss": "attention sinks"}
"""`model_type` of models that have what packed rows do not compute: they would learn from another
loss than that of their answers."""


@dataclass(frozen=True)
class Plan:
    """A training, ready to start; in `options` only the number of threads may still be open.

    `output` is the adapter's folder, `processes` counts all processes and `local_processes` those
    on this host, `speed` is in tokens per second, None if it was never measured here.
    """

    options: Options
    source: Source
    tokenizer: Tokenizer
    style: Style
    held_out: HeldOut
    shape: memory.Shape
    estimate: memory.Estimate
    output: Path
    processes: int
    local_processes: int
    speed: float | None
    facts: dict[str, Any]
    """What happened to the rows of the data; see `Split`."""
    additions: Additions
    """What is learned beside the rows, and measured to find the best point."""
    taught: tuple[str, ...] = ()
    """The ids of the rows to train on, where people taught them."""
    paper: Paper = field(default_factory=Paper)
    """What the adapter is examined on."""

    @property
    def speed_key(self) -> str:
        """The key under which this training's speed is kept."""
        return speeds.key(self.source.name, self.options.precision, self.processes)

    @property
    def seconds(self) -> float | None:
        """The duration at the speed measured on this host before, None if it never was."""
        return self.seconds_at(self.speed) if self.speed else None

    def seconds_at(self, tokens_per_second: float) -> float:
        """Return the seconds that training takes, with replayed answers and all evaluations.

        Each evaluation before and after it reads the held-out rows behind their own and behind
        other questions. Answers are generated many at once, each token about as fast as a trained
        one.
        """
        evaluated = 2 * (1 + pairings(len(self.held_out.rows))) * self.held_out.tokens
        if self.checks:
            evaluated += MEASUREMENTS * sum(len(row.ids) for row in self.checks.rows)
        generated = replay.ANSWER_TOKENS * len(self.additions.questions)
        evaluated += self.steps.replayed_tokens  # by the base model too
        tokens = sum(self.steps.tokens) + EVALUATION_COST * evaluated + generated
        return tokens / tokens_per_second

    @property
    def steps(self) -> Steps:
        """The steps, with all that is learned in them."""
        return self.additions.steps

    @property
    def checks(self) -> Checks | None:
        """What is measured to find the best point; None where the last one is kept."""
        return self.additions.checks

    def with_answers(self, answers: Sequence[Sequence[int]]) -> "Plan":
        """Return the plan with the base's answers to the questions it replays, as token ids."""
        asked, cutoff = self.additions.questions, self.options.cutoff_len
        found = replay.encoded(self.style, self.tokenizer, asked, answers, cutoff)
        return replace(self, additions=answered(self.additions, found))

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
            "exam_rows": len(self.paper.others),
            "tokens": sum(self.steps.tokens),
            "epochs": self.options.num_epochs,
            "batch_size": self.options.batch_size,
            "steps": len(self.steps),
            "replayed": self.steps.replayed_per_epoch,
            "cutoff": self.options.cutoff_len,
            "parameters": self.shape.parameters,
            "memory_bytes": self.estimate.total,
            "memory_available_bytes": memory.available(),
            "seconds": None if self.seconds is None else round(self.seconds, 1),
            "speed_known": self.speed is not None,
            "tokens_per_second": self.speed,
            "output": str(self.output),
        }


def make(options: Options, home: Path, *, processes: int = 1, local_processes: int = 1) -> Plan:
    """Plan a training of `processes` processes, `local_processes` of them on this host.

    Raises:
        TrainerError: the data, the model, the style or an option cannot work.
    """
    output = names.folder_of(options.output_dir, home).absolute()
    options = _with_data_pinned(options)
    exam = read_exam(options.exam_path)
    examined = {row.question for row in exam}
    data = dataset.read(options.data_path).without(examined, EXAMINED)
    source = find(options.base_model)
    config = load_config(source, cache=home / "cache")
    _check_architecture(options, config)
    source = pinned(source)  # known now that the configuration was fetched
    if source.revision:
        options = replace(options, base_model=f"{source.path}@{source.revision}")
    tokenizer = load_tokenizer(source, cache=home / "cache")
    style = choose_style(tokenizer, options.style)
    shape = memory.Shape.of(config)
    options = _with_recipe(options, shape, data)
    _check_length(options, config)
    _check_experts(options, shape)
    divided = split(options, data, style, tokenizer, context=_context(config))
    _check_size(options, shape)
    options = _with_decisions(options, shape, len(divided.train), style)
    steps = Steps(
        rows=divided.train,
        epochs=decided(options.num_epochs),
        batch_size=options.batch_size or DEFAULT_BATCH_SIZE,
        limit=options.micro_batch_size * options.cutoff_len,
        seed=options.seed,
        train_on_inputs=options.train_on_inputs,
        share=options.packing,
    )
    held_out = {question_key(row.instruction, row.input) for row in divided.held_out.rows}
    corrections = corrections_in(options.data_path, examined | held_out)
    key = speeds.key(source.name, options.precision, processes)
    return Plan(
        options=options,
        source=source,
        tokenizer=tokenizer,
        style=style,
        held_out=divided.held_out,
        shape=shape,
        estimate=_estimate(options, shape, bool(options.gradient_checkpointing)),
        output=names.free_folder(output),
        processes=processes,
        local_processes=local_processes,
        speed=speeds.recall(home, key),
        facts=divided.facts,
        paper=paper(corrections, exam),
        additions=added(
            steps,
            divided.rows,
            options,
            style,
            tokenizer,
            taught=data.taught,
            examined=examined,
        ),
        taught=tuple(id for row in divided.rows for id in data.ids.get(row, ())),
    )


def _with_data_pinned(options: Options) -> Options:
    """Name the commit of data on the hub, so that a resume reads the same rows again."""
    other = options.val_data_path
    return replace(
        options,
        data_path=sources.pinned(options.data_path),
        val_data_path=sources.pinned(other) if other else other,
    )


def _with_recipe(options: Options, shape: memory.Shape, data: DataSet) -> Options:
    """Decide how often, how fast and with how large an adapter the rows are learned."""
    recipe = asdict(recipe_for(len(data.rows) if data.taught else 0, shape.hidden))
    if shape.experts > 1:
        modules = recipe["lora_target_modules"]
        modules = tuple(name for name in modules if name in ATTENTION)
        recipe["lora_target_modules"] = modules or ATTENTION
    open_ones = {name: value for name, value in recipe.items() if getattr(options, name) is None}
    return replace(options, **open_ones)


def _check_architecture(options: Options, config: Any) -> None:
    if (what := UNTRAINABLE.get(config.model_type)) is not None:
        raise OptionInvalid(
            f"--base-model is {options.base_model}, which has {what}, and a training cannot "
            "compute them; choose a Llama, Mistral or Qwen3 model."
        )
    if (method := method_name(config.to_dict())) is not None:
        raise OptionInvalid(
            f"--base-model is {options.base_model}, which is quantised already ({method}) and "
            "cannot be trained; train and serve the model it was made from."
        )


def _check_length(options: Options, config: Any) -> None:
    context = _context(config)
    if context and options.cutoff_len > context:
        raise OptionInvalid(
            f"--cutoff-len is {options.cutoff_len}, but the model's context has {context} tokens."
        )


def _context(config: Any) -> int | None:
    """Return the model's context in tokens, None where its configuration does not say."""
    return getattr(config, "max_position_embeddings", None)


def _check_experts(options: Options, shape: memory.Shape) -> None:
    """Refuse what is not possible where a token passes some of many experts."""
    if shape.experts == 1:
        return
    if other := [name for name in decided(options.lora_target_modules) if name not in ATTENTION]:
        raise OptionInvalid(
            f"--lora-target-modules names {', '.join(other)}, which are the model's experts; "
            f"only {', '.join(ATTENTION)} can be adapted."
        )
    if options.precision == "int8":
        raise OptionInvalid(
            "--precision is int8, which a model with experts cannot be trained in; use bf16."
        )


def _check_size(options: Options, shape: memory.Shape) -> None:
    """Refuse a rank whose adapter, days later, would be too large to be used."""
    size = 4 * shape.lora_parameters(decided(options.lora_target_modules), decided(options.lora_r))
    if size > adapter_files.MAX_WEIGHTS_BYTES - HEADER_BYTES:
        most = adapter_files.MAX_WEIGHTS_BYTES
        raise OptionInvalid(
            f"--lora-r is {options.lora_r}, which makes an adapter of {size / 1e6:,.0f} MB, "
            f"and at most {most / 1e6:,.0f} MB can be used; choose a smaller rank."
        )


def _with_decisions(options: Options, shape: memory.Shape, rows: int, style: Style) -> Options:
    """Decide every option left open except the threads, which are measured later."""
    assert style.name in STYLES
    precision = options.precision
    if precision == "auto":
        precision = _fastest_precision(shape)
    options = replace(
        options,
        style=style.name,
        precision=precision,
        batch_size=options.batch_size
        or min(DEFAULT_BATCH_SIZE, max(MIN_BATCH_SIZE, rows // MIN_STEPS_PER_EPOCH)),
    )
    if options.gradient_checkpointing is None:
        fits = _estimate(options, shape, False).total <= memory.available()
        options = replace(options, gradient_checkpointing=not fits)
    return options


def _fastest_precision(shape: memory.Shape) -> str:
    if shape.parameters < FP32_BELOW_PARAMETERS:
        return "fp32"
    if shape.experts == 1 and (cpu_has_int8() or cpu_has_bf16()):
        return "int8"
    return "bf16" if cpu_has_bf16() else "fp32"


def _estimate(options: Options, shape: memory.Shape, checkpointing: bool) -> memory.Estimate:
    return memory.estimate(
        shape,
        precision=options.precision,
        targets=decided(options.lora_target_modules),
        rank=decided(options.lora_r),
        pack_tokens=options.micro_batch_size * options.cutoff_len,
        checkpointing=checkpointing,
    )
