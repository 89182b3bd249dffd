"""Conversions that are interrupted, run twice at once, lack disk, or get a broken checkpoint."""

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from tasks.engines.openvino.convert.calibration import importance
from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.convert.converted import WEIGHTS, is_whole, lock_of
from tasks.engines.openvino.convert.matrix_store import MatrixStore
from tasks.engines.openvino.convert.packing import Packing
from tasks.errors import ConversionFailed, ModelUnsupported
from tasks.settings import PrecisionSetting
from tests.tasks.engines.openvino.built_kernels import built
from tests.tasks.models.tiny_models import write_tiny
from trainer.file_lock import locked

SCRIPT = """
import resource, signal, sys, time
from pathlib import Path
from typing import Any
from tasks.engines.openvino.convert.conversion import convert
from tasks.errors import ConversionFailed
folder, cache, limit, pause = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
def progress(done, total):
    print(done, total, flush=True)
    time.sleep(float(pause))
try:
    print(convert(folder, name="tiny", cache=cache, progress=progress).folder)
except ConversionFailed as error:
    sys.exit(f"refused: {error}")
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A small checkpoint."""
    return write_tiny(tmp_path / "tiny", "llama3")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Where its conversions go."""
    return tmp_path / "cache"


def start(tiny: Path, cache: Path, *, limit: int = 0, pause: float = 0) -> "subprocess.Popen[str]":
    """Convert in another process, whose files may have at most `limit` bytes (0: any size)."""
    root = Path(__file__).parents[5]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tiny), str(cache), str(limit), str(pause)],
        env=os.environ | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_in_the_middle(tiny: Path, cache: Path) -> None:
    """Start a conversion and kill it when some matrices are packed."""
    process = start(tiny, cache, pause=0.2)
    assert process.stdout is not None
    for _ in range(6):
        process.stdout.readline()
    process.kill()
    process.communicate()


def finished(cache: Path) -> list[Path]:
    """Return the folders of complete conversions."""
    return [folder for folder in cache.glob("tiny-*") if is_whole(folder)]


def test_the_second_start_finds_what_the_first_made(tiny: Path, cache: Path) -> None:
    reported: list[tuple[int, int]] = []
    first = convert(tiny, name="tiny", cache=cache, progress=lambda *done: reported.append(done))

    second = convert(tiny, name="tiny", cache=cache, progress=lambda *done: pytest.fail("again"))

    assert first == second
    assert reported[0][0] == 0
    assert reported[-1] == (first.architecture.parameters, first.architecture.parameters)
    assert not list(cache.rglob("*.npy"))


def test_precision_and_files_are_part_of_the_key(tiny: Path, cache: Path) -> None:
    first = convert(tiny, name="tiny", cache=cache)
    assert convert(tiny, name="tiny", cache=cache, precision="bf16").folder != first.folder

    shutil.rmtree(tiny)
    write_tiny(tiny, "llama3", seed=1)
    second = convert(tiny, name="tiny", cache=cache)

    assert second.folder != first.folder
    assert not first.folder.exists()  # outdated: the same source, other weights
    assert len(finished(cache)) == 2


def test_with_and_without_our_kernels_leave_each_other_alone(
    tmp_path: Path, cache: Path, shared_cache: Path
) -> None:
    kernels = built(shared_cache)
    model = write_tiny(tmp_path / "tiny", "llama2")

    plain = convert(model, name="tiny", cache=cache, precision="int4")
    ours = convert(model, name="tiny", cache=cache, precision="int4", kernels=lambda: kernels)

    assert sorted(finished(cache)) == sorted([ours.folder, plain.folder])
    assert convert(model, name="tiny", cache=cache, precision="int4") == plain


def test_a_killed_conversion_is_not_served_and_the_next_goes_on(tiny: Path, cache: Path) -> None:
    kill_in_the_middle(tiny, cache)
    assert finished(cache) == []
    (made,) = cache.glob(".tiny-*.part")
    before = sorted(path.parent.name for path in made.glob("parts/*/values.npy"))
    assert len(before) >= 5

    calls: list[str] = []
    original = Packing._pack

    def counted(self: Packing, name: str, *rest: Any) -> object:
        calls.append(name)
        return original(self, name, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Packing, "_pack", counted)
        converted = convert(tiny, name="tiny", cache=cache)

    assert finished(cache) == [converted.folder]
    assert not set(before) & set(calls)


def test_a_part_that_a_power_cut_spoilt_is_made_again(tiny: Path, cache: Path) -> None:
    whole = convert(tiny, name="tiny", cache=cache)
    weights = (whole.folder / WEIGHTS).read_bytes()
    shutil.rmtree(whole.folder)
    kill_in_the_middle(tiny, cache)
    spoilt = sorted(cache.glob(".tiny-*.part/parts/model*/values.npy"))
    spoilt[0].write_bytes(spoilt[0].read_bytes()[:-100] + bytes(100))
    spoilt[1].write_bytes(b"")

    convert(tiny, name="tiny", cache=cache)

    assert (whole.folder / WEIGHTS).read_bytes() == weights


def test_two_at_once_convert_once_and_agree(tiny: Path, cache: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: start(tiny, cache, pause=0.02).communicate(), range(2)))

    folders = {out.splitlines()[-1] for out, _ in done}
    progress = sorted(len(out.splitlines()) for out, _ in done)
    assert [str(folder) for folder in finished(cache)] == list(folders)
    assert progress[0] == 1  # the second waited, and reported no progress
    assert progress[1] > 1


def test_a_full_disk_is_said_and_nothing_is_served(tiny: Path, cache: Path) -> None:
    # Enough for each part, not for the graph's weights; the write then fails as on a full disk.
    _, err = start(tiny, cache, limit=150_000).communicate()

    assert "could not be converted" in err
    assert str(cache) in err
    assert finished(cache) == []
    assert convert(tiny, name="tiny", cache=cache).folder in finished(cache)


def test_a_disk_too_small_is_refused_before_anything_is_written(
    tiny: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9, 10**6))

    with pytest.raises(ConversionFailed, match=r"takes 0\.2 GB .* free some space"):
        convert(tiny, name="tiny", cache=cache)

    assert not list(cache.rglob("*.npy"))


def test_a_converted_file_cut_short_is_made_again(tiny: Path, cache: Path) -> None:
    folder = convert(tiny, name="tiny", cache=cache).folder
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[: len(whole) // 2])

    assert convert(tiny, name="tiny", cache=cache).folder == folder

    assert (folder / WEIGHTS).read_bytes() == whole


def test_a_checkpoint_cut_short_is_refused(tiny: Path, cache: Path) -> None:
    weights = tiny / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])

    with pytest.raises(ConversionFailed, match="cut short"):
        convert(tiny, name="tiny", cache=cache)


def test_a_checkpoint_that_lacks_a_matrix_is_refused(tiny: Path, cache: Path) -> None:
    config = json.loads((tiny / "config.json").read_text("utf-8"))
    config["num_hidden_layers"] += 1
    (tiny / "config.json").write_text(json.dumps(config), encoding="utf-8")

    with pytest.raises(ConversionFailed, match=r"model\.layers\.3\.\S+ is missing"):
        convert(tiny, name="tiny", cache=cache)


def test_a_folder_without_safetensors_is_not_supported(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")

    with pytest.raises(ModelUnsupported, match="safetensors"):
        convert(tmp_path, name="tiny", cache=cache)


def test_parts_are_whole_or_absent(tmp_path: Path) -> None:
    def broken() -> object:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        MatrixStore(tmp_path).get("a", broken)  # type: ignore[arg-type]

    assert MatrixStore(tmp_path).bytes() == 0


def test_weights_that_are_no_numbers_are_refused(tiny: Path, cache: Path) -> None:
    tensors = load_file(tiny / "model.safetensors")
    tensors["model.layers.1.mlp.up_proj.weight"][3, 4] = float("nan")
    save_file(tensors, tiny / "model.safetensors", metadata={"format": "pt"})

    with pytest.raises(ConversionFailed, match=r"model\.layers\.1\.mlp\.up_proj .* NaN"):
        convert(tiny, name="tiny", cache=cache)


def test_a_killed_calibration_is_done_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was measured is kept beside the packed matrices of an interrupted conversion."""
    model = write_tiny(tmp_path / "tiny4", "llama2")
    measured: list[tuple[int, int]] = []

    def stop(self: Packing, name: str, found: Any, *_: Any) -> object:
        assert len(found) == 21  # seven layers in each of three blocks
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Packing, "_pack", stop)
        with pytest.raises(KeyboardInterrupt):
            convert(model, name="tiny4", cache=cache, precision="int4")
    monkeypatch.setattr(importance, "calibrate", lambda *_, **__: pytest.fail("measured again"))
    converted = convert(
        model,
        name="tiny4",
        cache=cache,
        precision="int4",
        progress=lambda done, total: measured.append((done, total)),
    )

    assert is_whole(converted.folder)
    assert measured[0][0] > 0  # the calibration's share is done
    assert not list(cache.rglob("importance*"))


@pytest.mark.parametrize("quality", ["balanced", "best"])
def test_a_model_without_a_tokenizer_is_converted_without_calibration(
    tmp_path: Path, cache: Path, caplog: pytest.LogCaptureFixture, quality: PrecisionSetting
) -> None:
    model = write_tiny(tmp_path / "tiny4", "llama2")
    for file in model.glob("tokenizer*"):
        file.unlink()

    converted = convert(model, name="tiny4", cache=cache, precision=quality)

    assert is_whole(converted.folder)
    assert "without calibration" in caplog.text


def interrupted(*_: Any) -> object:
    raise KeyboardInterrupt


def test_another_calibration_gives_another_conversion(
    tmp_path: Path,
    cache: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = write_tiny(tmp_path / "tiny4", "llama2")
    text = tmp_path / "own.txt"
    text.write_text("樹木です。", "utf-8")

    ours = convert(model, name="tiny", cache=cache, precision="int4")
    weights = (ours.folder / WEIGHTS).read_bytes()
    assert "anew" not in caplog.text
    own = convert(model, name="tiny", cache=cache, precision="int4", calibration=str(text))
    assert "tiny is converted anew: the texts of SWALLOW_CALIBRATION have changed" in caplog.text
    for half_done in ("A tree.", "Half."):
        text.write_text(half_done, "utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(Packing, "_pack", interrupted)
            with pytest.raises(KeyboardInterrupt):
                convert(model, name="tiny", cache=cache, precision="int4", calibration=str(text))
    _, other = sorted(cache.glob(".tiny-int4-*.part"))
    text.write_text("Trees.", "utf-8")
    with locked(lock_of(other.with_name(other.stem.removeprefix(".")))):  # another process is at it
        changed = convert(model, name="tiny", cache=cache, precision="int4", calibration=str(text))

    assert len({ours.folder, own.folder, changed.folder}) == 3
    assert finished(cache) == [changed.folder]  # the others are outdated
    assert list(cache.glob(".tiny-int4-*.part")) == [other]
    assert changed == convert(
        model, name="tiny", cache=cache, precision="int4", calibration=str(text)
    )
    assert not list(cache.glob(".tiny-int4-*.part"))
    assert (changed.folder / WEIGHTS).read_bytes() != weights


def test_each_quality_is_a_conversion_of_its_own(tmp_path: Path, cache: Path) -> None:
    model = write_tiny(tmp_path / "tiny4", "llama2")

    made = [
        convert(model, name="tiny", cache=cache, precision=quality)
        for quality in ("fast", "balanced", "best")
    ]

    assert sorted(finished(cache)) == sorted(one.folder for one in made)
    assert len({(one.folder / WEIGHTS).read_bytes() for one in made}) == 3
    assert len({(one.folder / WEIGHTS).stat().st_size for one in made}) == 1
    assert [one.name for one in made] == ["int4 (fast)", "int4 (balanced)", "int4 (best)"]
    assert convert(model, name="tiny", cache=cache, precision="int4") == made[1]


def test_the_best_quality_goes_on_where_it_was_interrupted(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same weights as without an interruption, and its progress never goes back."""
    model = write_tiny(tmp_path / "tiny4", "llama2")
    whole = convert(model, name="tiny4", cache=cache, precision="best")
    weights = (whole.folder / WEIGHTS).read_bytes()
    shutil.rmtree(whole.folder)
    original = Packing._pack
    packed: list[str] = []
    reported: list[int] = []

    def counted(self: Packing, name: str, *rest: Any) -> object:
        if len(packed) == 10:  # in the second of three blocks
            packed.append(name)
            raise KeyboardInterrupt
        packed.append(name)
        return original(self, name, *rest)

    monkeypatch.setattr(Packing, "_pack", counted)
    with pytest.raises(KeyboardInterrupt):
        convert(model, name="tiny4", cache=cache, precision="best")
    convert(
        model,
        name="tiny4",
        cache=cache,
        precision="best",
        progress=lambda done, total: reported.append(done),
    )

    assert (whole.folder / WEIGHTS).read_bytes() == weights
    assert packed.count(packed[10]) == 2
    assert all(packed.count(name) == 1 for name in packed[:10])
    assert reported == sorted(reported)
