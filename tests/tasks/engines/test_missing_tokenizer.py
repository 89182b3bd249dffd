"""A model without its tokenizer is refused before anything is converted or trained."""

from pathlib import Path

import pytest

from tasks.engines.choose import load_engine
from tasks.settings import Settings
from tests.tasks.models.tiny_models import write_tiny
from tests.tasks.test_cli import swallow
from trainer.errors import ModelMissing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model that the fast engine supports, without its tokenizer."""
    folder = write_tiny(tmp_path / "tiny", "llama2")
    (folder / "tokenizer.json").unlink()
    return folder


@pytest.mark.parametrize("engine", ["auto", "openvino", "transformers"])
def test_the_engine_names_the_missing_file_and_converts_nothing(
    folder: Path, tmp_path: Path, engine: str
) -> None:
    settings = Settings(model=str(folder), engine=engine, home=tmp_path / "home")  # type: ignore[arg-type]

    with pytest.raises(ModelMissing, match="it has no tokenizer: neither"):
        load_engine(settings)

    assert not list(settings.cache.iterdir())


def test_the_engine_names_a_broken_file_and_converts_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "tokenizer.json").write_text("{", encoding="utf-8")
    settings = Settings(model=str(folder), home=tmp_path / "home")

    with pytest.raises(ModelMissing, match=r"tokenizer\.json \(not valid JSON\)"):
        load_engine(settings)

    assert not list(settings.cache.iterdir())


def test_the_engine_checks_a_fetched_model_before_it_is_converted(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = tmp_path / "hub" / "models--org--tiny"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub.parent))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (hub / "refs").mkdir(parents=True)
    (hub / "refs" / "main").write_text("0123")
    (hub / "snapshots").mkdir()
    folder.rename(hub / "snapshots" / "0123")
    settings = Settings(model="org/tiny", home=tmp_path / "home")

    with pytest.raises(ModelMissing, match="it has no tokenizer: neither"):
        load_engine(settings)

    assert not list(settings.cache.iterdir())


@pytest.mark.parametrize("command", [["prepare"], ["train", "--plan", "--data-path", "sample"]])
def test_the_commands_say_it_in_one_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("SWALLOW_MODEL", str(folder))

    done = swallow(*command)

    assert done.returncode == 1
    assert "it has no tokenizer: neither tokenizer.json nor tokenizer.model is in" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "home").glob("cache/*"))
