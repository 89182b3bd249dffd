"""The thought of a reasoning model never stands in its answer, however its marks arrive, and ends
where its budget does."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.engines.openvino import engine as openvino_engine
from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.protocol import Answer, Engine, Question, Sampling
from tasks.engines.text_stream import TextStream
from tasks.engines.transformers.engine import TransformersEngine
from tests.tasks.models.thinking_model import write_thinking
from tests.tasks.models.tiny_models import write_tiny
from trainer.base_model.source import find
from trainer.base_model.tokenizer import load_tokenizer
from trainer.prompts.thinking import Thinking
from trainer.prompts.thought import HARMONY, THINK, marks_of

SPECIAL = ["<|start|>", "<|channel|>", "<|message|>", "<|end|>"]


@pytest.fixture(scope="module")
def tokenizer_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Make a tokenizer in which bytes are tokens, with a chat template that holds a text."""
    folder = write_tiny(tmp_path_factory.mktemp("models") / "tiny", "llama2")

    def make(template: str) -> Any:
        tokenizer = load_tokenizer(find(str(folder)))
        tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL})
        tokenizer.chat_template = template
        return tokenizer

    return make


def read(tokenizer: Any, text: str, prompt: str = "") -> tuple[str, int]:
    """Return what of a generated text is shown, and how many of its tokens are thought."""
    pieces: list[str] = []
    stream = TextStream(tokenizer, ("\nUser:",), pieces.append, prompt)
    for id in tokenizer(text, add_special_tokens=False)["input_ids"]:
        stream.push(id)
    stream.close()
    return "".join(pieces), stream.thought_tokens


@pytest.mark.parametrize(
    ("text", "prompt", "shown", "tokens"),
    [
        ("<think>\nhm\nUser:</think>\n\nyes", "", "yes", 24),
        ("\n<think></think>yes", "", "yes", 16),
        ("hm</think>\n\nyes <think>", "user: a\n<think>\n", "yes <think>", 10),
        ("<think>it never ends", "", "", 20),
        ("日本", "", "日本", 0),
        ("<thin", "", "<thin", 0),
        ("a <think>b</think>", "", "a <think>b</think>", 0),
    ],
)
def test_marks_that_are_split_over_tokens(
    tokenizer_of: Callable[[str], Any], text: str, prompt: str, shown: str, tokens: int
) -> None:
    assert read(tokenizer_of("<think>"), text, prompt) == (shown, tokens)


def test_channels_whose_marks_are_special_tokens(tokenizer_of: Callable[[str], Any]) -> None:
    tokenizer = tokenizer_of("<|channel|>")
    thought = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant"
    final = "<|channel|>final<|message|>"

    assert read(tokenizer, f"{thought}{final}yes<|end|>")[0] == "yes"
    assert read(tokenizer, f"{final}yes") == ("yes", 7)
    assert read(tokenizer, thought)[0] == ""
    assert read(tokenizer, "<|start|>yes") == ("yes", 0)


def test_a_model_without_marks_is_left_alone(tokenizer_of: Callable[[str], Any]) -> None:
    assert read(tokenizer_of("plain"), "<think>a</think>b") == ("<think>a</think>b", 0)
    assert marks_of(tokenizer_of("plain")) is None
    assert marks_of(tokenizer_of("{% '</think>' %}")) is THINK
    assert marks_of(tokenizer_of("{% '<|channel|>' %}")) is HARMONY


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("name", ["transformers", "openvino"])
def test_an_engine_answers_without_the_thought(tmp_path: Path, name: str, opened: bool) -> None:
    source = write_thinking(tmp_path / "model", thought="Hm, so", answer="\nYES!", opened=opened)
    engine: Engine
    if name == "openvino":
        engine = OpenVinoEngine(source, cache=tmp_path / "cache", precision="bf16")
    else:
        engine = TransformersEngine(source)
    pieces: list[str] = []

    try:
        question = Question("a", sampling=Sampling(40))
        answer = engine.answer(question, pieces.append, lambda: False)
    finally:
        if isinstance(engine, OpenVinoEngine):
            engine.close()

    assert "".join(pieces) == "YES!"
    assert answer.finish == "stop"
    assert answer.thought_tokens == (7 if opened else 8)
    assert answer.tokens == answer.thought_tokens + len("\nYES!") + 1


ENDLESS = "Wait, "
CONCLUSION = len(THINK.conclusion) - len("</think>") + 1
"""Tokens of a conclusion: each character is one, and the mark."""


@pytest.fixture(scope="module", params=["transformers", "openvino"])
def endless(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A model that thinks for ever, and answers only where its thought is ended for it."""
    folder = tmp_path_factory.mktemp("endless")
    source = write_thinking(folder / "model", thought=ENDLESS, answer="\nYES!", endless=True)
    if request.param == "transformers":
        yield TransformersEngine(source)
        return
    fast = OpenVinoEngine(source, cache=folder / "cache", precision="bf16")
    yield fast
    fast.close()


def asked(
    engine: Engine, thinking: Thinking, tokens: int = 40, most: int = 10_000
) -> tuple[str, Answer, int]:
    """Return an answer's text, the answer, and how often it was told that the model thinks; the
    thought has taken too long when that was said `most` times."""
    pieces: list[str] = []
    told: list[None] = []

    def tell() -> bool:
        told.append(None)
        return len(told) >= most

    question = Question("a", sampling=Sampling(tokens), thinking=thinking)
    answer = engine.answer(question, pieces.append, lambda: False, tell)
    return "".join(pieces), answer, len(told)


def test_a_budget_ends_the_thought_and_the_answer_follows(endless: Engine) -> None:
    text, answer, told = asked(endless, 20)

    assert (text, answer.finish, answer.thought_cut) == ("YES!", "stop", True)
    assert answer.thought_tokens == 20 + CONCLUSION - len("\n\n")
    assert answer.tokens == answer.thought_tokens + len("\n\nYES!") + 1
    assert told >= 20


def test_a_thought_does_not_shorten_the_answer(endless: Engine) -> None:
    text, answer, _ = asked(endless, 20, tokens=len("\n\nYE"))

    assert (text, answer.finish) == ("YE", "length")


def test_the_context_ends_a_thought_and_leaves_the_answer_its_length(endless: Engine) -> None:
    text, answer, _ = asked(endless, "on")

    assert (text, answer.thought_cut) == ("YES!", True)
    assert answer.prompt_tokens + answer.thought_tokens == 512 - 40 - len("\n\n")


def test_a_long_thought_goes_on_in_further_requests(
    endless: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asked(endless, 150)[1]
    monkeypatch.setattr(openvino_engine, "THOUGHT_STEP", 5)

    text, answer, told = asked(endless, 150)

    assert text == "YES!"
    assert (answer.tokens, answer.thought_tokens) == (whole.tokens, whole.thought_tokens)
    assert told >= 150


def test_a_thought_that_takes_too_long_is_concluded(endless: Engine) -> None:
    text, answer, told = asked(endless, "on", most=15)

    assert (text, answer.thought_cut, told) == ("YES!", True, 15)
    assert answer.thought_tokens == 15 + CONCLUSION - len("\n\n")


def test_without_thinking_there_is_no_thought(endless: Engine) -> None:
    text, answer, told = asked(endless, "off")

    assert answer.prompt.endswith("<think>\n\n</think>\n\n")
    assert (text, answer.thought_tokens, answer.thought_cut, told) == ("YES!", 0, False, 0)


def test_a_model_that_thinks_although_it_is_told_not_to_concludes_at_once(tmp_path: Path) -> None:
    source = write_thinking(
        tmp_path, thought=ENDLESS, answer="\nYES!", endless=True, comment="enable_thinking"
    )

    text, answer, _ = asked(TransformersEngine(source), "off")

    assert (text, answer.thought_cut) == ("YES!", True)
    assert answer.thought_tokens == 1 + CONCLUSION - len("\n\n")


def test_a_thought_can_be_stopped(endless: Engine) -> None:
    told: list[None] = []
    question = Question("a", sampling=Sampling(40))

    def tell() -> bool:
        told.append(None)
        return False

    answer = endless.answer(question, lambda text: None, lambda: len(told) >= 5, tell)

    assert answer.finish == "interrupted"
    assert 0 < answer.thought_tokens < 60
    assert not answer.thought_cut
