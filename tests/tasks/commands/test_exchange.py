"""`swallow adapter export` and `import` in this process, with a tiny model."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import torch
from click.testing import CliRunner, Result
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tasks.audit import Audit
from tasks.cli import swallow
from tasks.settings import settings
from tests.tasks.models.tiny_models import write_tiny
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import CONFIG, WEIGHTS
from trainer.errors import AdapterRefused, NotWritable, UnknownStyle


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    model = write_tiny(tmp_path / "models" / "tiny", "llama2")
    monkeypatch.setenv("SWALLOW_MODEL", str(model))
    yield tmp_path / "home"
    settings.cache_clear()


@pytest.fixture
def foreign(home: Path, tmp_path: Path) -> Path:
    """An adapter as PEFT itself writes it."""
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "models" / "tiny")
    config = LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(str(tmp_path / "foreign"))
    return tmp_path / "foreign"


def run(*arguments: str) -> Result:
    settings.cache_clear()
    return CliRunner().invoke(swallow, ["adapter", *arguments])


def outcomes(home: Path) -> list[tuple[str, str, str]]:
    lines = map(json.loads, Audit(home).file.read_text("utf-8").splitlines())
    return [(line["action"], line["target"], line["outcome"]) for line in lines]


def test_an_adapter_comes_in_and_goes_out_as_it_was(
    home: Path, foreign: Path, tmp_path: Path
) -> None:
    imported = run("import", str(foreign), "--name", "guest", "--style", "alpaca-en")
    again = run("import", str(foreign), "--name", "guest", "--style", "alpaca-en")
    out = tmp_path / "out"
    places = ["--peft", str(out / "p"), "--gguf", str(out / "g.gguf"), "--merged", str(out / "m")]
    exported = run("export", "guest", *places)
    back = run("import", str(out / "p"), "--name", "back")

    assert imported.output == "guest is there, for tiny in the prompt style alpaca-en.\n"
    assert again.output.startswith("guest-2 is there")
    assert exported.exit_code == 0, exported.output
    assert "holds tiny with guest merged into it" in exported.output
    assert back.output == "back is there, for tiny in the prompt style alpaca-en.\n"
    digests = {read(home / "adapters" / name).digest for name in ("guest", "guest-2", "back")}
    assert digests == {read(foreign).digest}
    base = AutoModelForCausalLM.from_pretrained(tmp_path / "models" / "tiny", dtype=torch.float32)
    merged = AutoModelForCausalLM.from_pretrained(out / "m", dtype=torch.float32)
    ids = torch.arange(20)[None]
    with torch.no_grad():
        wanted = PeftModel.from_pretrained(base, str(out / "p"))(ids).logits
        torch.testing.assert_close(merged(ids).logits, wanted, rtol=0, atol=0.1)
    assert outcomes(home) == [
        ("adapter import", "guest", "done"),
        ("adapter import", "guest-2", "done"),
        ("adapter export", "guest", "done"),
        ("adapter import", "back", "done"),
    ]


def test_nothing_is_written_where_one_of_the_places_is_taken(
    home: Path, foreign: Path, tmp_path: Path
) -> None:
    run("import", str(foreign), "--style", "alpaca-ja")
    out = tmp_path / "out"
    out.mkdir()

    unsaid = run("export", "foreign")
    taken = run("export", "foreign", "--peft", str(out / "p"), "--merged", str(out))

    assert unsaid.exit_code == 2
    assert isinstance(taken.exception, NotWritable)
    assert not list(out.iterdir())


def test_what_does_not_fit_or_is_unsafe_is_refused_and_leaves_nothing(
    home: Path, foreign: Path, tmp_path: Path
) -> None:
    pickled, other, wide, begun = (
        Path(shutil.copytree(foreign, tmp_path / name))
        for name in ("pickled", "other", "wide", "begun")
    )
    (pickled / WEIGHTS).rename(pickled / "adapter_model.bin")
    tensors = load_file(wide / WEIGHTS)
    save_file({name: each[:, :3].contiguous() for name, each in tensors.items()}, wide / WEIGHTS)
    for folder, change in (
        (other, {"base_model_name_or_path": "org/Another-7b"}),
        (begun, {"init_lora_weights": "pissa"}),
    ):
        config = json.loads((folder / CONFIG).read_text("utf-8")) | change
        (folder / CONFIG).write_text(json.dumps(config), "utf-8")
    refused = {
        pickled: "adapter_model.bin, which could run code",
        other: "was trained on Another-7b and cannot be used with tiny",
        wide: "does not fit the model",
        begun: "uses init_lora_weights='pissa', which is not supported",
        foreign: "does not say with which prompts the adapter was trained",
        tmp_path / "nothing": "There is no adapter 'nothing'",
    }

    for folder, reason in refused.items():
        style = [] if folder == foreign else ["--style", "alpaca-ja"]
        failed = run("import", str(folder), *style).exception
        assert isinstance(failed, AdapterRefused), failed
        assert reason in str(failed)
    assert isinstance(run("import", str(foreign), "--style", "chat").exception, UnknownStyle)
    assert isinstance(run("import", str(foreign), "--name", "a/b").exception, AdapterRefused)

    assert not (home / "adapters").exists()


def test_the_prompt_style_is_asked_at_a_terminal(
    home: Path, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.commands.exchange._is_terminal", lambda: True)
    monkeypatch.setattr(click, "prompt", lambda *_, **__: "alpaca-ja")

    assert run("import", str(foreign)).output.endswith("in the prompt style alpaca-ja.\n")
