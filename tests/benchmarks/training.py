"""Rows per second of training compared with the reference recipe, on 4 layers of the 7B's size.

    python -m tests.benchmarks.training [--rows 64] [--layers 4] [--skip-recipe] [--rounds 2]
    python -m tests.benchmarks.training --output-layer
    python -m tests.benchmarks.training --curves curves.png [--steps 12]

First the recipe's script runs unchanged (fp32, activation checkpointing, padded rows), then our
training on the same rows with the same lengths, through the loop that trains: packing, dropout,
loss and optimizer step. Prints one JSON line per figure. Quote ratios: absolute figures change with
the machine. Among `--precisions`, int8:bf16 is int8 with the output layer in bf16. With
`--output-layer` it measures the output layer alone, with vocabularies of three sizes, and with
`--curves` it draws the small model's held-out loss in each precision instead.
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from trainer.data.encoding import Encoded
from trainer.data.steps import Steps
from trainer.evaluation import measure as evaluation
from trainer.model import elementwise, frozen_base, lora
from trainer.model.loss import pack_loss, packed_rows
from trainer.model.output_layer import Int8OutputLayer, label_losses
from trainer.planning import plan
from trainer.planning.options import Options
from trainer.run import calibrate
from trainer.run.loop import Loop, LoopCallbacks
from trainer.run.trainer_arguments import trainer_arguments
from trainer.training_folder import Training

SHARED = Path(__file__).parents[2].parent / "shared"
DIMENSIONS = {
    "vocab_size": 43176,
    "hidden_size": 4096,
    "intermediate_size": 11008,
    "num_attention_heads": 32,
    "num_key_value_heads": 32,
    "max_position_embeddings": 4096,
    "rms_norm_eps": 1e-5,
}
LABELS = 512
"""Labels of a pack, of which the output layer is computed alone."""
HELD_OUT, STEPS_BETWEEN = 24, 3
"""Rows of which a curve shows the loss, and the steps between two of its points."""
CUTOFF = 256
PREAMBLE = {True: 40, False: 29}
"""Tokens of the Japanese template before the instruction, with and without input."""


def rows(count: int) -> list[Encoded]:
    """Return the rows that the recipe's script chooses, with random token ids.

    As in that script, a token counts as 1.9 characters.
    """
    lines = (SHARED / "data/dolly-ja/train.jsonl").read_text(encoding="utf-8").splitlines()
    chosen = random.Random(0).sample([json.loads(line) for line in lines], count)
    generator = random.Random(1)

    def ids(text: str) -> tuple[int, ...]:
        return tuple(generator.randrange(300, 43000) for _ in range(int(len(text) / 1.9) + 1))

    encoded = []
    for row in chosen:
        length = PREAMBLE[bool(row["input"])]
        preamble = tuple(range(300, 300 + length))
        prompt = preamble + ids(row["instruction"] + row["input"]) + ids("\n\n### 応答:")
        full = (*prompt, *ids(row["output"]), 2)[:CUTOFF]
        # A row whose question fills the limit is kept with one label, because the recipe keeps it.
        encoded.append(Encoded(full, min(len(prompt), len(full) - 1), length))
    return encoded


def output_is_int8(precision: str, width: int) -> bool:
    """Tell whether a training in `precision` has its output layer in int8."""
    return precision == "int8" and calibrate.int8_output_is_faster(width)


def slice_model(layers: int, precision: str, int8_output: bool) -> Any:
    """Return a model of `layers` layers of the 7B's size, with random weights and an adapter."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    try:
        model = LlamaForCausalLM(LlamaConfig(**DIMENSIONS, num_hidden_layers=layers))
    finally:
        torch.set_default_dtype(torch.float32)
    model.requires_grad_(False)
    if precision.startswith("int8"):
        frozen_base.quantise(model, int8_output=int8_output)
    return lora.attach(model, rank=8, alpha=16, dropout=0.05, targets=("q_proj", "v_proj"), seed=0)


def gemm_rate(kind: str) -> float:
    """Return the operations per second of torch's GEMM of [1024, 4096] by [4096, 11008]."""
    if kind == "int8":
        left = torch.randint(-127, 127, (1024, 4096), dtype=torch.int8)
        right = torch.randint(-127, 127, (11008, 4096), dtype=torch.int8)
    else:
        left, right = torch.randn(1024, 4096).bfloat16(), torch.randn(11008, 4096).bfloat16()
    multiply: Any = torch._int_mm if kind == "int8" else torch.mm
    best = float("inf")
    for _ in range(6):
        started = time.perf_counter()
        multiply(left, right.t())
        best = min(best, time.perf_counter() - started)
    return 2 * 1024 * 11008 * 4096 / best


def measure(encoded: list[Encoded], layers: int, precision: str, rounds: int) -> dict[str, Any]:
    int8_output = output_is_int8(precision, int(DIMENSIONS["hidden_size"]))
    model = slice_model(layers, precision, int8_output)
    steps = Steps(encoded, rounds, len(encoded), 4 * CUTOFF, 0)
    with packed_rows(model):
        torch.autograd.backward(pack_loss(model, steps[0].packs[0]))
    times: list[float] = []

    class Clock(LoopCallbacks):
        def step_done(self, loop: Loop, step: Any, loss: float, learning_rate: float) -> None:
            times.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder, packed_rows(model):
        loop = Loop(
            model=model,
            steps=steps,
            arguments=trainer_arguments(
                Path(folder), steps=rounds, learning_rate=3e-4, warmup_steps=0, seed=0
            ),
            callbacks=Clock(),
            checkpoint_path=Training(Path(folder)).checkpoint_path,
            clock=time.perf_counter,
        )
        loop._write_checkpoint = lambda partial: None  # type: ignore[method-assign]
        times.append(time.perf_counter())
        loop.train()
    seconds = min(after - before for before, after in itertools.pairwise(times))
    parameters = slice_parameters(layers)
    labels = sum(len(row.ids) - row.prompt for row in encoded)
    # Forward and the gradient of the input: two GEMMs, of two operations per weight and token.
    blocks = 4 * parameters * steps[0].tokens
    head = 4 * DIMENSIONS["vocab_size"] * DIMENSIONS["hidden_size"] * labels
    return {
        "rows_per_second": len(encoded) / seconds,
        "tokens_per_second": steps[0].tokens / seconds,
        "packed_tokens": steps[0].tokens,
        "row_tokens": sum(len(row.ids) for row in encoded),
        "label_tokens": labels,
        "block_operations": blocks,
        "head_operations": head,
        "output": "int8" if int8_output else "bf16",
        "seconds": seconds,
    }


def slice_parameters(layers: int) -> float:
    """Return the number of weights in the linear layers of the blocks."""
    hidden, wide = DIMENSIONS["hidden_size"], DIMENSIONS["intermediate_size"]
    return layers * (4 * hidden * hidden + 3 * hidden * wide)


def recipe(count: int) -> dict[str, Any]:
    script = SHARED / "peers/bench_recipe_training.py"
    done = subprocess.run(
        [sys.executable, str(script), str(count)], capture_output=True, text=True, check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def output_layers() -> None:
    """Print the operations per second of the output layer's losses and gradients by precision."""
    width = int(DIMENSIONS["hidden_size"])
    for vocabulary, kind in itertools.product((32_000, 43_176, 151_936), ("fp32", "bf16", "int8")):
        dtype = torch.float32 if kind == "fp32" else torch.bfloat16
        exact = torch.nn.Linear(width, vocabulary, bias=False, dtype=dtype).requires_grad_(False)
        layer = Int8OutputLayer(exact.weight) if kind == "int8" else exact
        hidden = torch.randn(LABELS, width, dtype=dtype, requires_grad=True)
        targets = torch.randint(vocabulary, (LABELS,))
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            torch.autograd.backward(label_losses(layer, hidden, targets).sum())
            best = min(best, time.perf_counter() - started)
        rate = 4 * LABELS * width * vocabulary / best
        print(json.dumps({"vocabulary": vocabulary, "output": kind, "rate": rate}), flush=True)


def curve(precision: str, steps: int, folder: Path) -> list[float]:
    """Return the held-out loss before training and after each third step of 8 real rows.

    In nats per response token, of the small model, each measured in the precision it is trained in.
    """
    made = plan.make(
        Options(
            data_path=str(SHARED / "data/dolly-ja/train.jsonl"),
            precision=precision.partition(":")[0],
            batch_size=8,
        ),
        folder,
    )
    int8_output = output_is_int8(precision, made.shape.hidden)
    model = lora.attach(
        frozen_base.load(
            made.source, made.options.precision, cache=folder / "cache", int8_output=int8_output
        ),
        rank=8,
        alpha=16,
        dropout=0.05,
        targets=("q_proj", "v_proj"),
        seed=0,
    )
    held_out = made.held_out.encoded[:HELD_OUT]

    def held_out_loss() -> float:
        found = evaluation.response_losses(model, held_out, limit=made.steps.limit, share=True)
        return evaluation.loss_per_token(found, held_out)

    losses = [held_out_loss()]

    class Losses(LoopCallbacks):
        def step_done(self, loop: Loop, step: Any, loss: float, learning_rate: float) -> None:
            if (step.index + 1) % STEPS_BETWEEN == 0:
                losses.append(held_out_loss())

    with packed_rows(model):
        loop = Loop(
            model=model,
            steps=made.steps,
            arguments=trainer_arguments(
                folder, steps=steps, learning_rate=1e-3, warmup_steps=0, seed=0
            ),
            callbacks=Losses(),
            checkpoint_path=Training(folder).checkpoint_path,
            clock=time.perf_counter,
        )
        loop._write_checkpoint = lambda partial: None  # type: ignore[method-assign]
        loop.train()
    return losses


def draw_curves(precisions: list[str], steps: int, file: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    with tempfile.TemporaryDirectory() as folder:
        for precision in precisions:
            losses = curve(precision, steps, Path(folder))
            print(json.dumps({precision: [round(loss, 4) for loss in losses]}), flush=True)
            places = range(0, STEPS_BETWEEN * len(losses), STEPS_BETWEEN)
            axes.plot(places, losses, "o-", label=precision)
    axes.set_xlabel("step")
    axes.set_ylabel("held-out loss (nats per response token)")
    axes.legend()
    figure.savefig(file)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--skip-recipe", action="store_true")
    parser.add_argument("--precisions", default="int8,bf16")
    parser.add_argument("--output-layer", action="store_true")
    parser.add_argument("--curves", help="draw the small model's loss in each precision instead")
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(2)
    print(json.dumps({"load": os.getloadavg()}), flush=True)
    elementwise.use_compiled(
        elementwise.can_compile(Path(tempfile.gettempdir()) / "swallow-kernels")
    )
    if options.output_layer:
        output_layers()
        return
    if options.curves:
        draw_curves(options.precisions.split(","), options.steps, Path(options.curves))
        return
    encoded = rows(options.rows)
    rates = {kind: gemm_rate(kind) for kind in ("int8", "bf16")}
    print(json.dumps({"gemm_operations_per_second": rates}), flush=True)
    reference = None if options.skip_recipe else recipe(options.rows)
    print(json.dumps({"recipe": reference}), flush=True)
    for precision in options.precisions.split(","):
        result = measure(encoded, options.layers, precision, options.rounds)
        ideal = result["block_operations"] / rates[precision.partition(":")[0]]
        ideal += result["head_operations"] / rates[result["output"]]
        result["share_of_gemm_peak"] = ideal / result["seconds"]
        if reference:
            result["times_the_recipe"] = result["rows_per_second"] / reference["rows_per_second"]
        print(json.dumps({precision: result}), flush=True)
    print(json.dumps({"load": os.getloadavg()}), flush=True)


if __name__ == "__main__":
    main()
