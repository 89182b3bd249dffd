"""A training from the command line: killed, resumed, interrupted, refused."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tests.patience import SECONDS
from tests.trainer import doubles
from tests.trainer.forked import Forked, run

ROOT = Path(__file__).parents[3]


def command(model: Path, rows: Path, home: Path, *more: str) -> list[str]:
    options = {
        "--base-model": model,
        "--data-path": rows,
        "--home": home,
        "--batch-size": 8,
        "--micro-batch-size": 1,
        "--cutoff-len": 400,
        "--style": "alpaca-en",
        "--threads": 1,
        "--training-id": "t",
        "--progress": "json",
    }
    flat = [str(part) for pair in options.items() for part in pair]
    return [*flat, *more]


def started(arguments: list[str]) -> "subprocess.Popen[str]":
    """Start the command as people do, with an interpreter of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def weights(home: Path, name: str = "output") -> dict[str, torch.Tensor]:
    return load_file(home / "adapters" / name / "adapter_model.safetensors")


def test_a_training_ends_with_an_adapter_a_verdict_and_a_curve(
    model_folder: Path, rows_file: Path, home: Path
) -> None:
    process = started(command(model_folder, rows_file, home, "--learning-rate", "0.01"))

    output, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 0
    events = [json.loads(line) for line in output.splitlines()]
    assert [one["event"] for one in events][:2] == ["planned", "started"]
    assert events[-1]["event"] == "finished"
    folder = home / "adapters" / "output"
    about = json.loads((folder / "swallow.json").read_text(encoding="utf-8"))
    assert about["evaluation"]["verdict"] == events[-1]["verdict"]
    assert not list((home / "trainings" / "t").glob("checkpoint-*"))
    assert about["style"] == "alpaca-en"
    assert (folder / "loss.png").read_bytes().startswith(b"\x89PNG")
    losses = [one["loss"] for one in events if one["event"] == "step" and one["part"] == 1]
    assert losses[-1] < losses[0]


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
def test_the_adapter_loads_in_plain_peft(model_folder: Path, rows_file: Path, home: Path) -> None:
    run(command(model_folder, rows_file, home, "--lora-target-modules", "q_proj,up_proj"))

    model = AutoModelForCausalLM.from_pretrained(model_folder)
    adapted = PeftModel.from_pretrained(model, str(home / "adapters" / "output"))

    ids = torch.arange(5)[None]
    with torch.inference_mode(), adapted.disable_adapter():
        base = adapted(ids).logits
    with torch.inference_mode():
        assert not torch.equal(adapted(ids).logits, base)


def test_a_name_that_is_taken_becomes_another_and_this_is_said_at_once(
    model_folder: Path, rows_file: Path, home: Path
) -> None:
    taken = home / "adapters" / "output"
    taken.mkdir(parents=True)
    (taken / "mine").write_text("keep")

    events = run(command(model_folder, rows_file, home))

    assert events[0]["plan"]["output"] == str(home / "adapters" / "output-2")
    assert sorted(path.name for path in taken.iterdir()) == ["mine"]
    assert weights(home, "output-2")


@pytest.mark.parametrize(("kind", "kills"), [("llama", 10), ("qwen3", 3)])
def test_killed_again_and_again_the_adapter_is_bit_for_bit_the_uninterrupted_one(
    rows_file: Path, tmp_path: Path, kind: str, kills: int
) -> None:
    model = doubles.write_model(tmp_path / "tiny", kind)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    often = ("--checkpoint-minutes", "0", "--num-epochs", "3")
    run(command(model, rows_file, whole, *often))
    generator = random.Random(1)
    arguments = command(model, rows_file, broken, *often)

    steps = []
    for _ in range(kills):
        process = Forked(arguments)
        wanted = generator.randrange(2, 9)
        for line in process.stdout:
            event = json.loads(line)
            wanted -= event["event"] in ("step", "checkpoint")
            if event["event"] == "step":
                steps.append(event["step"])
            if wanted <= 0:
                break
        time.sleep(generator.random() * 0.02)
        process.kill()
        process.finish()
        arguments = command(model, rows_file, broken, "--resume", "t")
    events = run(arguments)

    assert events[1]["event"] == "resumed"
    assert max(steps) > kills // 3
    expected, found = weights(whole), weights(broken)
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    notes = [home / "trainings" / "t" / "history.json" for home in (whole, broken)]
    assert json.loads(notes[0].read_text()) == json.loads(notes[1].read_text())


def test_a_signal_saves_and_the_exit_code_says_resumable(
    model_folder: Path, rows_file: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(command(model_folder, rows_file, whole))
    process = started(command(model_folder, rows_file, broken))
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["event"] == "step":
            break
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=SECONDS)

    assert process.returncode == 75
    events = [json.loads(line)["event"] for line in rest.splitlines()]
    assert events[-2:] == ["checkpoint", "interrupted"]
    run(command(model_folder, rows_file, broken, "--resume"))
    expected, found = weights(whole), weights(broken)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_resume_with_other_data_is_refused(
    model_folder: Path, rows_file: Path, home: Path
) -> None:
    process = Forked(command(model_folder, rows_file, home))
    while json.loads(process.stdout.readline())["event"] != "step":
        pass
    process.kill()
    process.finish()
    doubles.write_rows(rows_file, 48, seed=9)

    (failed,) = run(command(model_folder, rows_file, home, "--resume", "t"), code=1)

    assert "the data changed" in failed["reason"]


def test_two_processes_compute_what_one_does(
    model_folder: Path, rows_file: Path, tmp_path: Path
) -> None:
    run(command(model_folder, rows_file, tmp_path / "one"))
    arguments = command(model_folder, rows_file, tmp_path / "two")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    port = str(20_000 + os.getpid() % 20_000)

    done = subprocess.run(
        [*torchrun, "--master-port", port, "-m", "trainer", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["event"] == "finished"
    expected, found = weights(tmp_path / "one"), weights(tmp_path / "two")
    for name in expected:
        torch.testing.assert_close(found[name], expected[name], rtol=1e-4, atol=2e-6)


def test_the_plan_is_told_without_loading_weights(rows_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    doubles.byte_tokenizer().save_pretrained(folder)
    doubles.tiny_config(architectures=["LlamaForCausalLM"]).save_pretrained(folder)

    (plan,) = run(command(folder, rows_file, tmp_path / "home", "--plan", "--json"))

    assert plan["rows"] == 42
    assert plan["validation_rows"] == 6
    assert plan["steps"] == 6
    assert 0 < plan["seconds"] < 60, "a bound, as nothing was trained here before"
    assert not (tmp_path / "home" / "trainings").exists()


def test_a_measured_speed_is_remembered_for_the_next_plan(
    model_folder: Path, rows_file: Path, home: Path
) -> None:
    run(command(model_folder, rows_file, home))

    (plan,) = run(command(model_folder, rows_file, home, "--plan", "--json"))

    assert plan["speed_known"] is True
    assert 0 < plan["seconds"] < 600


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--base-model", "/nowhere/model"], "There is no model at"),
        (["--data-path", "/nowhere/rows.json"], "There is no data at"),
        (["--num-epochs", "0"], "--num-epochs is 0"),
        (["--cutoff-len", "4096"], "--cutoff-len is 4096"),
        (["--output-dir", "/proc/nothing/output"], "cannot be written"),
        (["--home", "/proc/nothing"], "cannot be written"),
        (["--resume", "nothing"], "There is no training 'nothing'"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(
    model_folder: Path, rows_file: Path, home: Path, more: list[str], expected: str
) -> None:
    done = Forked(command(model_folder, rows_file, home, *more))
    output = done.finish()

    assert done.returncode == 1
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert json.loads(output.splitlines()[-1])["event"] == "failed"
    assert not list(home.rglob("options.json"))


def test_an_unknown_option_is_a_usage_error(
    model_folder: Path, rows_file: Path, home: Path
) -> None:
    process = started(command(model_folder, rows_file, home, "--nonsense"))

    assert process.communicate(timeout=SECONDS)
    assert process.returncode == 2
