"""The fast engine with tiny models, compared with the reference: many questions at once, adapters,
and generating processes that die."""

import json
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.protocol import Answer, Engine, Question, Sampling
from tasks.engines.transformers.engine import TransformersEngine
from tasks.errors import EngineFailed
from tests import patience
from tests.tasks.engines.openvino.adapters import write_random_adapter
from tests.tasks.engines.openvino.built_kernels import copy_built
from tests.tasks.models.tiny_models import KINDS, write_tiny
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import WEIGHTS
from trainer.base_model.source import Source, find
from trainer.errors import AdapterRefused
from trainer.prompts.templates import Turn

PROMPTS = ("one", "two, and then three", "Sing.", "9", "the last of them")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """A tiny Llama-3-style model whose matrices our kernels can compute."""
    return find(str(write_tiny(tmp_path_factory.mktemp("models") / "tiny", "llama3-64", seed=5)))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this module's models are converted."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", params=["OpenVINO's kernels", "our kernels"])
def engine(
    request: pytest.FixtureRequest, source: Source, cache: Path, shared_cache: Path
) -> Iterator[OpenVinoEngine]:
    """The tiny model in the fast engine, with OpenVINO's kernels and with ours."""
    ours = request.param == "our kernels"
    if ours:
        copy_built(shared_cache, cache)
    loaded = OpenVinoEngine(source, cache=cache, precision="int4" if ours else "bf16")
    assert (loaded.generator.spec.kernels is not None) == ours
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def adapter(source: Source, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter on every projection; its rank and scale are not those of the placeholder."""
    return write_adapter(source, tmp_path_factory.mktemp("adapters") / "all", seed=1)


def write_adapter(source: Source, folder: Path, seed: int) -> Path:
    """Write a random LoRA as PEFT does."""
    torch.manual_seed(seed)
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    config = LoraConfig(r=4, lora_alpha=6, target_modules=targets, init_lora_weights=False)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(source.path), config)
    model.save_pretrained(str(folder))
    about = {"base_model": source.name, "style": "alpaca-en"}
    (folder / "swallow.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def ask(engine: Engine, text: str, *, adapter: Path | None = None, tokens: int = 12) -> str:
    """Return a greedy answer."""
    used = read(adapter) if adapter else None
    return asked(engine, Question(text, sampling=Sampling(tokens), adapter=used))[0]


def asked(engine: Engine, question: Question) -> tuple[str, Answer]:
    """Return an answer's text, and the answer.

    With OpenVINO's own kernels about one switch of adapters in a thousand ends in a segmentation
    fault inside the library (2026.4.1): the answer starts over then, as it does in a worker.
    """
    for attempts_left in (1, 0):
        pieces: list[str] = []
        try:
            answer = engine.answer(question, pieces.append, lambda: False)
        except EngineFailed:
            if not attempts_left:
                raise
        else:
            return "".join(pieces), answer
    raise AssertionError("not reached")


@pytest.mark.parametrize("kind", KINDS)
def test_tiny_models_of_each_family_answer_as_the_reference(tmp_path: Path, kind: str) -> None:
    source = find(str(write_tiny(tmp_path / kind, kind)))
    every_projection = write_adapter(source, tmp_path / "adapter", seed=1)
    reference = TransformersEngine(source)
    fast = OpenVinoEngine(source, cache=tmp_path / "cache", precision="bf16")

    def answers(engine: Engine, adapter: Path | None) -> list[str]:
        return [ask(engine, text, adapter=adapter) for text in PROMPTS]

    try:
        for adapter in (None, every_projection):
            assert answers(fast, adapter) == answers(reference, adapter)
    finally:
        fast.close()


def test_an_adapter_answers_as_in_the_reference_and_leaves_the_base_alone(
    engine: OpenVinoEngine, source: Source, adapter: Path
) -> None:
    base = [ask(engine, text) for text in PROMPTS]

    with_adapter = [ask(engine, text, adapter=adapter) for text in PROMPTS]

    if engine.generator.spec.kernels is None:  # our kernels are compared with torch in test_graph
        reference = TransformersEngine(source)
        assert with_adapter == [ask(reference, text, adapter=adapter) for text in PROMPTS]
    assert with_adapter != base
    assert [ask(engine, text) for text in PROMPTS] == base


def test_eight_at_once_answer_as_each_alone(engine: OpenVinoEngine, adapter: Path) -> None:
    jobs = [(text, use) for text in PROMPTS for use in (None, adapter)]
    alone = [ask(engine, text, adapter=use) for text, use in jobs]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: ask(engine, job[0], adapter=job[1]), jobs))

    assert together == alone


def test_a_mixture_of_experts_answers_five_at_once_as_each_alone(
    tmp_path: Path, shared_cache: Path
) -> None:
    mixture = find(str(write_tiny(tmp_path / "mixture", "qwen3moe", seed=5)))
    copy_built(shared_cache, tmp_path)
    engine = OpenVinoEngine(mixture, cache=tmp_path)
    alone = [ask(engine, text) for text in PROMPTS]

    with ThreadPoolExecutor(5) as pool:
        together = list(pool.map(lambda text: ask(engine, text), PROMPTS))

    assert engine.precision == "int4 (balanced)"
    assert together == alone
    assert len(set(alone)) > 1
    engine.close()


def test_a_switch_keeps_the_base_loaded(engine: OpenVinoEngine, adapter: Path) -> None:
    ask(engine, "one", adapter=adapter, tokens=1)
    generating = engine.generator.pid

    ask(engine, "one", tokens=1)
    ask(engine, "one", adapter=adapter, tokens=1)

    assert engine.generator.pid == generating  # the base was not loaded again


def test_a_thread_of_the_small_model_goes_on_as_without_the_prefix_cache(
    small_model: Source, model_cache: Path, tmp_path: Path
) -> None:
    engine = OpenVinoEngine(small_model, cache=model_cache)
    linears = engine.generator.spec.linears
    adapter = read(write_random_adapter(tmp_path / "1", linears, 1, base=small_model.name))
    story = "Ten frogs sat on a log, and one of them jumped into the water. " * 4
    questions = []
    thread = [Turn("user", f"Remember this: {story}"), Turn("assistant", "I do.")]
    for instruction in ("How many frogs sat there?", "And how many were left?"):
        for used in (None, adapter):
            sampling = Sampling(16)
            questions.append(Question(instruction, "", tuple(thread), sampling, used, "chat"))
        thread += [Turn("user", instruction), Turn("assistant", "There were ten of them.")]

    answers = [asked(engine, question)[0] for question in questions]

    for question, answer in zip(questions, answers, strict=True):
        engine.generator.close()  # the next process begins with an empty cache
        assert asked(engine, question)[0] == answer
    assert len(set(answers)) > 2  # the adapter changes them
    engine.close()


def test_an_adapter_with_a_tensor_that_has_no_place_is_refused(
    engine: OpenVinoEngine, adapter: Path, source: Source, tmp_path: Path
) -> None:
    folder = write_adapter(source, tmp_path / "more", seed=2)
    tensors = load_file(folder / "adapter_model.safetensors")
    tensors["base_model.model.lm_head.lora_A.weight"] = torch.zeros(4, 128)
    save_file(tensors, folder / "adapter_model.safetensors")

    with pytest.raises(AdapterRefused, match="does not fit the model"):
        ask(engine, "one", adapter=folder)


def test_an_adapter_that_is_not_finite_is_refused(
    engine: OpenVinoEngine, source: Source, tmp_path: Path
) -> None:
    folder = write_adapter(source, tmp_path / "nan", seed=3)
    tensors = load_file(folder / "adapter_model.safetensors")
    next(iter(tensors.values()))[0, 0] = float("nan")
    save_file(tensors, folder / "adapter_model.safetensors")

    with pytest.raises(AdapterRefused, match="not finite"):
        ask(engine, "one", adapter=folder)


def test_weights_replaced_between_their_check_and_a_switch_are_refused(
    engine: OpenVinoEngine, source: Source, tmp_path: Path
) -> None:
    adapter = read(write_adapter(source, tmp_path / "one", seed=6))
    question = Question("one", sampling=Sampling(4), adapter=adapter)
    asked(engine, question)  # its tensors are checked from now on
    base = ask(engine, "one")
    other = write_adapter(source, tmp_path / "two", seed=7)
    (other / WEIGHTS).replace(adapter.path / WEIGHTS)

    with pytest.raises(AdapterRefused, match="were replaced"):
        asked(engine, question)

    assert ask(engine, "one") == base


def test_an_adapter_that_vanishes_while_it_is_asked_for_is_refused(
    engine: OpenVinoEngine, source: Source, adapter: Path, tmp_path: Path
) -> None:
    folder = write_adapter(source, tmp_path / "gone", seed=4)
    before = ask(engine, "9")
    seen = threading.Event()
    first = Question("one", sampling=Sampling(300), adapter=read(adapter))
    with ThreadPoolExecutor(41) as pool:  # five times what runs at once: it waits for seconds
        for _ in range(40):
            pool.submit(engine.answer, first, lambda text: seen.set(), lambda: False)
        assert seen.wait(patience.SECONDS)
        waiting = pool.submit(ask, engine, "one", adapter=folder)
        time.sleep(0.1)
        (folder / "adapter_model.safetensors").unlink()
        with pytest.raises(AdapterRefused):
            waiting.result()

    assert ask(engine, "9") == before != ""


def test_a_killed_process_fails_its_answers_and_is_replaced(engine: OpenVinoEngine) -> None:
    before = ask(engine, "one")
    seen = threading.Event()
    question = Question("one", sampling=Sampling(300))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.answer, question, lambda text: seen.set(), lambda: False)
        assert seen.wait(patience.SECONDS)
        assert engine.generator.pid is not None
        os.kill(engine.generator.pid, signal.SIGKILL)
        with pytest.raises(EngineFailed, match="started again"):
            running.result()

    assert ask(engine, "one") == before


def test_a_process_that_cannot_be_started_now_is_started_by_a_later_question(
    engine: OpenVinoEngine,
) -> None:
    before = ask(engine, "one")
    assert engine.generator.pid is not None
    os.kill(engine.generator.pid, signal.SIGKILL)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))  # nothing more can be opened
    try:
        with pytest.raises(EngineFailed) as failure:
            ask(engine, "one")
        if "started again" in str(failure.value):  # its death was noticed by this question only
            with pytest.raises(EngineFailed) as failure:
                ask(engine, "one")
        assert "cannot be started" in str(failure.value)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert ask(engine, "one") == before


def test_what_cannot_be_loaded_is_said(source: Source, tmp_path: Path) -> None:
    OpenVinoEngine(source, cache=tmp_path).close()
    (model,) = tmp_path.glob("tiny-*/openvino_model.xml")
    text = model.read_bytes()
    model.write_bytes(text.replace(b"<net", b"<not", 1))  # the size stays, the content does not

    with pytest.raises(EngineFailed, match="failed"):
        OpenVinoEngine(source, cache=tmp_path)
