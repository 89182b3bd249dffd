"""What every engine must do, with the real small model: the same tests for both engines."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model

from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.protocol import Answer, Engine, Question, Sampling
from tasks.engines.transformers.engine import TransformersEngine
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import WEIGHTS
from trainer.base_model.load import load_model
from trainer.base_model.source import Source
from trainer.errors import AdapterRefused, InstructionTooLong
from trainer.prompts.templates import Turn

RAPPER = "Which of these is a rapper? Eminem, Michael Jackson, Rihanna, 50 Cent"


@pytest.fixture(scope="module", params=["transformers", "openvino"])
def engine(
    request: pytest.FixtureRequest, small_model: Source, model_cache: Path
) -> Iterator[Engine]:
    """The small model, loaded once in each engine."""
    if request.param == "transformers":
        yield TransformersEngine(small_model, cache=model_cache)
        return
    fast = OpenVinoEngine(small_model, cache=model_cache)
    yield fast
    fast.close()


def ask(engine: Engine, question: Question, stop_after: int = 10_000) -> str:
    """Return the answer's text."""
    return asked(engine, question, stop_after)[0]


def asked(engine: Engine, question: Question, stop_after: int = 10_000) -> tuple[str, Answer]:
    """Return text and answer; stop after so many pieces of text."""
    pieces: list[str] = []
    answer = engine.answer(question, pieces.append, lambda: len(pieces) >= stop_after)
    return "".join(pieces), answer


def test_the_small_model_knows_the_rapper(engine: Engine) -> None:
    text, answer = asked(engine, Question(RAPPER, sampling=engine.sampling))

    assert text == "The answer is: 50 Cent"
    assert answer.finish == "stop"
    assert answer.prompt.endswith("<|im_start|>assistant\n")
    assert 0 < answer.first_token_seconds <= answer.seconds


def test_a_thread_is_taken_along_as_turns(engine: Engine) -> None:
    thread = [
        Turn("user", "My name is Taro. What is the capital of France?"),
        Turn("assistant", "The capital of France is Paris."),
    ]

    assert "Taro" in ask(engine, Question("What is my name?", thread=thread))


def test_the_length_is_kept(engine: Engine) -> None:
    text, answer = asked(engine, Question("Tell me a story.", sampling=Sampling(5)))

    assert (answer.tokens, answer.finish) == (5, "length")
    assert text


def test_an_answer_goes_on_behind_its_exact_tokens(engine: Engine) -> None:
    whole, _ = asked(engine, Question("Tell me a story.", sampling=Sampling(24)))
    first, answer = asked(engine, Question("Tell me a story.", sampling=Sampling(11)))

    rest, longer = asked(
        engine, Question("Tell me a story.", sampling=Sampling(13), begun=answer.ids)
    )

    assert len(answer.ids) == 11
    assert (longer.tokens, len(longer.ids), longer.finish) == (13, 24, "length")
    assert whole.split() == f"{first} {rest}".split() or whole == first + rest


def test_a_stop_request_ends_the_answer_with_what_is_there(engine: Engine) -> None:
    text, answer = asked(engine, Question("Tell me a story."), stop_after=3)

    assert answer.finish == "interrupted"
    assert 3 <= answer.tokens <= 5
    assert text


def test_a_long_prompt_can_be_left_in_the_middle(engine: Engine) -> None:
    calls = 0

    def stop_in_the_prompt() -> bool:
        nonlocal calls
        calls += 1
        return calls > 10

    answer = engine.answer(Question("word " * 2000), lambda text: None, stop_in_the_prompt)

    assert (answer.finish, answer.tokens, calls) == ("interrupted", 0, 11)


def test_the_same_seed_draws_the_same_answer(engine: Engine) -> None:
    def drawn(seed: int) -> str:
        return ask(
            engine, Question("Tell me a story.", sampling=Sampling(24, 1.0, 0.95, seed=seed))
        )

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_the_likeliest_of_one_is_the_greedy_answer(engine: Engine) -> None:
    question = Question("Tell me a story.", sampling=Sampling(12))
    drawn = replace(question, sampling=Sampling(12, temperature=2.0, top_k=1, seed=3))

    assert ask(engine, drawn) == ask(engine, question)


def test_an_instruction_beyond_the_context_is_refused_with_its_numbers(
    engine: Engine,
) -> None:
    with pytest.raises(InstructionTooLong) as refused:
        engine.answer(Question("word " * 9000), lambda text: None, lambda: False)

    assert refused.value.tokens > 9000
    assert refused.value.limit == 8192 - 256


def test_an_input_beyond_the_context_is_cut_and_said_so(engine: Engine) -> None:
    question = Question("Say hello.", input="word " * 9000, sampling=Sampling(4096))

    answer = engine.answer(question, lambda text: None, lambda: True)

    assert answer.cut_characters > 0
    assert answer.prompt_tokens <= 4096


def make_adapter(
    small_model: Source, model_cache: Path, folder: Path, seed: int, targets: tuple[str, ...]
) -> Path:
    """Write a random LoRA as PEFT does."""
    torch.manual_seed(seed)
    config = LoraConfig(r=4, target_modules=list(targets), init_lora_weights=False)
    model = get_peft_model(load_model(small_model, cache=model_cache), config)
    model.save_pretrained(str(folder))
    about = {"base_model": small_model.name, "style": "chat"}
    (folder / "swallow.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


def test_adapters_change_the_answer_and_leave_the_base_as_it_was(
    engine: Engine, small_model: Source, model_cache: Path, tmp_path: Path
) -> None:
    first = make_adapter(small_model, model_cache, tmp_path / "first", 1, ("q_proj", "v_proj"))
    second = make_adapter(small_model, model_cache, tmp_path / "second", 2, ("gate_proj",))
    sampling = Sampling(12)
    base = ask(engine, Question(RAPPER, sampling=sampling))

    with_first = ask(engine, Question(RAPPER, sampling=sampling, adapter=read(first)))
    with_second = ask(engine, Question(RAPPER, sampling=sampling, adapter=read(second)))

    assert len({base, with_first, with_second}) == 3
    assert ask(engine, Question(RAPPER, sampling=sampling)) == base
    assert ask(engine, Question(RAPPER, sampling=sampling, adapter=read(first))) == with_first
    assert ask(engine, Question(RAPPER, sampling=sampling)) == base


def test_more_adapters_than_are_kept_still_answer_alike(
    engine: Engine, small_model: Source, model_cache: Path, tmp_path: Path
) -> None:
    folders = [
        make_adapter(small_model, model_cache, tmp_path / f"a{n}", n, ("q_proj",)) for n in range(6)
    ]
    sampling = Sampling(6)

    def round_trip() -> list[str]:
        return [ask(engine, Question(RAPPER, sampling=sampling, adapter=read(f))) for f in folders]

    assert round_trip() == round_trip()


def test_an_adapter_of_another_base_model_is_refused_with_the_reason(
    engine: Engine, small_model: Source, model_cache: Path, tmp_path: Path
) -> None:
    folder = make_adapter(small_model, model_cache, tmp_path / "other", 1, ("q_proj",))
    about = {"base_model": "tokyotech-llm/Swallow-7b-instruct-hf"}
    (folder / "swallow.json").write_text(json.dumps(about), encoding="utf-8")

    with pytest.raises(AdapterRefused, match=r"trained on Swallow-7b-instruct-hf"):
        ask(engine, Question(RAPPER, adapter=read(folder)))


def test_an_adapter_whose_tensors_do_not_fit_is_refused_and_harms_nothing(
    engine: Engine, small_model: Source, model_cache: Path, tmp_path: Path
) -> None:
    folder = make_adapter(small_model, model_cache, tmp_path / "bent", 1, ("q_proj",))
    config = json.loads((folder / "adapter_config.json").read_text("utf-8"))
    (folder / "adapter_config.json").write_text(json.dumps(config | {"r": 8}), encoding="utf-8")

    with pytest.raises(AdapterRefused, match="does not fit the model"):
        ask(engine, Question(RAPPER, adapter=read(folder)))

    assert ask(engine, Question(RAPPER, sampling=engine.sampling)) == "The answer is: 50 Cent"


def test_a_second_question_with_an_unchanged_adapter_reads_none_of_its_files(
    engine: Engine, small_model: Source, model_cache: Path, tmp_path: Path
) -> None:
    adapter = read(make_adapter(small_model, model_cache, tmp_path / "one", 20, ("q_proj",)))
    question = Question(RAPPER, sampling=Sampling(2), adapter=adapter)
    first = ask(engine, question)

    shutil.rmtree(adapter.path)

    assert ask(engine, question) == first


def test_weights_replaced_after_they_were_checked_are_never_loaded(
    engine: Engine, small_model: Source, model_cache: Path, tmp_path: Path
) -> None:
    adapter = read(make_adapter(small_model, model_cache, tmp_path / "one", 21, ("q_proj",)))
    other = make_adapter(small_model, model_cache, tmp_path / "two", 22, ("q_proj",))
    (other / WEIGHTS).replace(adapter.path / WEIGHTS)

    with pytest.raises(AdapterRefused, match="were replaced"):
        ask(engine, Question(RAPPER, adapter=adapter))

    assert ask(engine, Question(RAPPER, sampling=engine.sampling)) == "The answer is: 50 Cent"
