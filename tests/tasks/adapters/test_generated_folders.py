"""Whatever lies in an adapter's folder, it is verified or refused with a sentence."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tasks.adapters.verify import AdapterVerifier
from tests.tasks.adapter_files import write_adapter
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import ABOUT, CONFIG, WEIGHTS
from trainer.errors import AdapterMissing, AdapterRefused

LINEARS = {"model.layers.0.self_attn.q_proj": (32, 32)}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
OPTIONS = (
    *("peft_type", "r", "lora_alpha", "target_modules", "base_model_name_or_path", "use_rslora"),
    *("bias", "rank_pattern", "use_dora", "modules_to_save"),
)
CHANGES = st.dictionaries(
    st.sampled_from(OPTIONS), JSON | st.sampled_from(["q_proj", ["q_proj", "up_proj"]]), max_size=2
)
ABOUTS = st.dictionaries(st.sampled_from(["base_model", "style", "evaluation", "data"]), JSON)
SPOILED = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6)
"""Places in the weights' file, and the bytes written there."""


@given(CHANGES, ABOUTS, SPOILED, st.integers(0, 2000))
@example({}, {"base_model": "\ud800"}, [], 0)
@example({"base_model_name_or_path": "\ud800"}, {"base_model": ""}, [], 0)
@example({"r": True}, {}, [], 0)
def test_any_folder_is_verified_or_refused_with_a_sentence(
    changes: dict[str, Any], about: dict[str, Any], spoiled: list[tuple[int, int]], cut: int
) -> None:
    with TemporaryDirectory() as parent:
        folder = write_adapter(Path(parent) / "generated")
        _change(folder / CONFIG, changes)
        _change(folder / ABOUT, about)
        _spoil(folder / WEIGHTS, spoiled, cut)
        try:
            adapter = read(folder)
            AdapterVerifier("tiny", LINEARS).verify(adapter)
        except (AdapterRefused, AdapterMissing) as error:
            _check_said(error)
            return
        assert adapter.base_model.rpartition("/")[2] == "tiny"
        assert (adapter.rank, "q_proj" in adapter.targets) == (2, True)
        assert json.dumps(dict(adapter.about))


def _check_said(error: Exception) -> None:
    assert str(error).strip().encode(), "a sentence that can be printed"


def _change(file: Path, changes: dict[str, Any]) -> None:
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), encoding="utf-8")


def _spoil(file: Path, places: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(file.read_bytes())
    for place, byte in places:
        content[place % len(content)] = byte
    file.write_bytes(content[: len(content) - cut % 3] if cut % 5 == 0 else content)


@given(
    st.sampled_from((CONFIG, ABOUT, WEIGHTS)),
    st.binary(max_size=200) | st.text(max_size=50).map(lambda text: text.encode("utf-8", "ignore")),
)
def test_a_file_of_anything_is_refused(name: str, content: bytes) -> None:
    with TemporaryDirectory() as parent:
        folder = write_adapter(Path(parent) / "generated")
        (folder / name).write_bytes(content)
        try:
            AdapterVerifier("tiny", LINEARS).verify(read(folder))
        except AdapterRefused as error:
            _check_said(error)
        else:
            assert name == ABOUT, "only our own description may be left out"
