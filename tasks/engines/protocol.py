"""The interface of every engine, and the values that pass in and out. Imports no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from tasks.engines.allowance import Allowance, allowance, reserved_tokens
from trainer.adapters.adapter import Adapter
from trainer.prompts.prompt import Prompt, render
from trainer.prompts.templates import Style, Tokenizer, Turn, choose_style
from trainer.prompts.thinking import Thinking


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen: temperature 0 is greedy, above it they are drawn, from the `top_k`
    likeliest (0: from all); a seed makes a drawn answer repeatable."""

    max_new_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int | None = None

    def changed(self, **changes: float | int | None) -> "Sampling":
        """Return a copy with every change that is not None."""
        given: dict[str, Any] = {key: value for key, value in changes.items() if value is not None}
        return replace(self, **given)


@dataclass(frozen=True)
class Question:
    """What is asked, of which adapter (None: of the base model), in which prompt style (None: the
    adapter's, else the model's), and how much a model that reasons first may think about it.
    `standing` is an instruction that holds for every question where this one was asked."""

    instruction: str
    input: str = ""
    thread: Sequence[Turn] = ()
    sampling: Sampling = Sampling()
    adapter: Adapter | None = None
    style: str | None = None
    thinking: Thinking = "on"
    begun: Sequence[int] = ()
    """Token ids that the answer has already: it goes on behind them."""
    standing: str = ""

    def style_in(self, tokenizer: Tokenizer, own: Style) -> Style:
        """Return the style to ask in; `own` is the model's.

        Raises:
            UnknownStyle: as `choose_style`.
        """
        adapter_style = self.adapter.style if self.adapter else None
        return choose_style(tokenizer, self.style or adapter_style or own.name)

    def prompt(self, style: Style, tokenizer: Tokenizer, context_length: int) -> Prompt:
        """Render the question; the tokens of thought and answer, at most half the context, stay
        reserved.

        Raises:
            InstructionTooLong: the instruction does not fit into the rest.
        """
        reserved = reserved_tokens(
            tokenizer, self.thinking, self.sampling.max_new_tokens, context_length
        )
        return render(
            style,
            tokenizer,
            self.instruction,
            self.input,
            self.thread,
            limit=context_length - reserved - len(self.begun),
            thinking=self.thinking != "off",
            standing=self.standing,
        )

    def allowance(self, prompt: Prompt, tokenizer: Tokenizer, context_length: int) -> Allowance:
        """Return how many tokens may follow the rendered question."""
        room = context_length - len(prompt.ids) - len(self.begun)
        return allowance(tokenizer, self.thinking, self.sampling.max_new_tokens, room)


@dataclass(frozen=True)
class Answer:
    """How an answer came about; `finish` says why it ends, seconds count from the call.

    `thought_tokens` of its tokens are the thought of a model that reasons first, which is no part
    of the text; with `thought_cut` a limit ended it. `dropped_turns` and `cut_characters` of the
    question did not fit into the context, see `trainer.prompts.prompt.render`.
    """

    prompt: str
    prompt_tokens: int
    tokens: int
    seconds: float
    first_token_seconds: float
    finish: Literal["stop", "length", "interrupted"]
    dropped_turns: int = 0
    cut_characters: int = 0
    thought_tokens: int = 0
    thought_cut: bool = False
    ids: Sequence[int] = ()
    """The token ids of the whole answer, with those that it went on behind."""

    @property
    def tokens_per_second(self) -> float | None:
        """The speed of decoding, after the first token; None for an answer of one token."""
        decoding = self.seconds - self.first_token_seconds
        return (self.tokens - 1) / decoding if self.tokens > 1 and decoding > 0 else None


class Engine(Protocol):
    """A loaded base model that answers questions."""

    @property
    def name(self) -> str:
        """The implementation: `transformers` or `openvino`."""

    @property
    def model(self) -> str:
        """The base model's name, as `trainer.base_model.source.Source.name`."""

    @property
    def precision(self) -> str:
        """The precision of the weights, and how 4 bits were rounded: `int4 (best)`, `bfloat16`."""

    @property
    def style(self) -> Style:
        """The style questions are asked in without an adapter."""

    @property
    def sampling(self) -> Sampling:
        """The model's own defaults."""

    @property
    def parallel(self) -> int:
        """How many questions it can answer at once."""

    def prompt(self, question: Question) -> Prompt:
        """Return what the model would be given, and what of the question would be left out.

        Raises:
            InstructionTooLong: the instruction does not fit into the context.
        """

    def answer(
        self,
        question: Question,
        on_text: Callable[[str], None],
        should_stop: Callable[[], bool],
        on_thought: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Answer one question; safe to call from `parallel` threads.

        `on_text` is called with pieces of text that never split a character; together they are the
        answer. `on_thought` is called for every token of a thought before it; once it returns true
        the thought is concluded. `should_stop` is called at least for every token, and during the
        prefill at least for every layer; once it returns true the answer ends as `interrupted`.

        Raises:
            InstructionTooLong: the instruction does not fit into the context.
            AdapterRefused: the adapter cannot be used with this model.
            EngineFailed: the generating process died; the next question starts another.
        """
