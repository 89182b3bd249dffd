"""Prompt styles: how an instruction, an input and a thread become tokens, for asking and training.

The trainer, the worker and the command line all render through this module, so that training and
answering cannot disagree. It knows tokenizers by what they do and imports neither torch nor
transformers; it does not know models, sampling or Slack.

>>> STYLES["alpaca-en"].text(None, "Add.", "1 and 2")[-39:]
'### Input:\\n1 and 2\\n\\n### Response:\\n'
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from trainer.errors import InstructionTooLong, UnknownStyle

Tokenizer: TypeAlias = Any
"""A `transformers` fast tokenizer; not imported, so that prompts load without torch."""


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class Style(Protocol):
    """What a prompt style can do; the name is saved beside each adapter."""

    @property
    def name(self) -> str:
        """The style's name in `STYLES`."""

    @property
    def stop_texts(self) -> tuple[str, ...]:
        """Texts that end an answer when the model writes them: the start of another turn."""

    def text(
        self, tokenizer: Tokenizer, instruction: str, input: str = "", thread: Sequence[Turn] = ()
    ) -> str:
        """Render the whole prompt, up to the place where the answer starts."""

    def stop_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the token ids that end an answer, the one learned in training first."""


@dataclass(frozen=True)
class AlpacaStyle:
    """The Alpaca layout: a preamble, then labelled sections; the thread goes into the input."""

    name: str
    with_input: str
    without_input: str
    labels: tuple[str, str, str]
    """Section labels of instruction, input and response, as they stand in the prompt."""
    response_start: str
    speakers: tuple[str, str]
    """What the user and the assistant are called where a thread is written into the input."""

    @property
    def stop_texts(self) -> tuple[str, ...]:
        """Models of this kind that do not stop go on with the next task's first section."""
        return (f"\n{self.labels[0]}", f"\n{self.labels[2]}")

    def text(
        self, tokenizer: Tokenizer, instruction: str, input: str = "", thread: Sequence[Turn] = ()
    ) -> str:
        """Render the template; the tokenizer is not needed."""
        instruction_label, input_label, response_label = self.labels
        told = "\n\n".join(filter(None, [self._told(thread), input]))
        sections = f"{instruction_label}\n{instruction}\n\n"
        if told:
            sections += f"{input_label}\n{told}\n\n"
        preamble = self.with_input if told else self.without_input
        return f"{preamble}\n\n{sections}{response_label}{self.response_start}"

    def _told(self, thread: Sequence[Turn]) -> str:
        user, assistant = self.speakers
        names = {"user": user, "assistant": assistant}
        return "\n".join(f"{names[turn.role]}: {turn.text}" for turn in thread)

    def stop_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the end-of-sequence id alone: the template has no special tokens."""
        return [int(tokenizer.eos_token_id)]


@dataclass(frozen=True)
class ChatStyle:
    """The tokenizer's own chat template; the thread is rendered as turns."""

    name: str = "chat"
    stop_texts: tuple[str, ...] = ()
    turn_ends: tuple[str, ...] = (
        "<|im_end|>",
        "<|eot_id|>",
        "<|end_of_text|>",
        "<|endoftext|>",
        "<end_of_turn>",
    )
    """Turn-ending tokens of the known templates; those the vocabulary lacks are left out."""

    def text(
        self, tokenizer: Tokenizer, instruction: str, input: str = "", thread: Sequence[Turn] = ()
    ) -> str:
        """Render the chat template with the question as the last user turn."""
        question = "\n\n".join(filter(None, [instruction, input]))
        turns = _alternating([*thread, Turn("user", question)])
        messages = [{"role": turn.role, "content": turn.text} for turn in turns]
        return str(
            tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        )

    def stop_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the end-of-sequence id and every turn-ending token the vocabulary has."""
        vocabulary = tokenizer.get_vocab()
        ends = [vocabulary[token] for token in self.turn_ends if token in vocabulary]
        return list(dict.fromkeys([int(tokenizer.eos_token_id), *ends]))


def _alternating(turns: Sequence[Turn]) -> list[Turn]:
    """Join neighbours of one role and start with a user: several templates insist on both."""
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].role == turn.role:
            joined[-1] = Turn(turn.role, f"{joined[-1].text}\n{turn.text}")
        elif joined or turn.role == "user":
            joined.append(turn)
    return joined


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        # Character for character the template Swallow's instruct models were tuned with.
        AlpacaStyle(
            name="alpaca-ja",
            with_input=(
                "以下に、あるタスクを説明する指示があり、それに付随する入力が更なる文脈を提供"
                "しています。リクエストを適切に完了するための回答を記述してください。"
            ),
            without_input=(
                "以下に、あるタスクを説明する指示があります。"
                "リクエストを適切に完了するための回答を記述してください。"
            ),
            labels=("### 指示:", "### 入力:", "### 応答:"),
            response_start="",
            speakers=("ユーザー", "アシスタント"),
        ),
        AlpacaStyle(
            name="alpaca-en",
            with_input=(
                "Below is an instruction that describes a task, paired with an input that provides "
                "further context. Write a response that appropriately completes the request."
            ),
            without_input=(
                "Below is an instruction that describes a task. "
                "Write a response that appropriately completes the request."
            ),
            labels=("### Instruction:", "### Input:", "### Response:"),
            response_start="\n",
            speakers=("User", "Assistant"),
        ),
        ChatStyle(),
    )
}


def choose_style(tokenizer: Tokenizer, name: str | None = None) -> Style:
    """Return the style called `name`, else the one the model asks for.

    A tokenizer with a chat template means `chat`; without one it is `alpaca-ja`, because the
    models this project exists for (Swallow instruct) have none and were tuned with it.

    Raises:
        UnknownStyle: no such style, or `chat` for a tokenizer without a chat template.
    """
    has_template = bool(getattr(tokenizer, "chat_template", None))
    chosen = name or ("chat" if has_template else "alpaca-ja")
    if chosen not in STYLES:
        known = ", ".join(STYLES)
        raise UnknownStyle(f"There is no prompt style {chosen!r}; choose one of {known}.")
    if chosen == "chat" and not has_template:
        raise UnknownStyle("This model has no chat template; choose alpaca-ja or alpaca-en.")
    return STYLES[chosen]


@dataclass(frozen=True)
class Prompt:
    """A prompt ready for a model.

    `ids` are its token ids, `text` what they encode; `dropped_turns` of the thread and
    `cut_characters` of the input had to go for it to fit.
    """

    ids: list[int]
    text: str
    dropped_turns: int = 0
    cut_characters: int = 0


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the ids of `text` with nothing put before or after it.

    No BOS is added: Swallow's template is asked without one, and a chat template brings its own.
    """
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def plain(tokenizer: Tokenizer, text: str) -> str:
    """Return `text` with every special token broken by a space.

    What people write is data: `</s>` in a question must not end it, nor `<|im_start|>` open a turn.
    """
    added = getattr(tokenizer, "added_tokens_decoder", {})
    special = [str(token) for token in added.values() if getattr(token, "special", False)]
    if not special:
        return text
    pattern = "|".join(re.escape(token) for token in sorted(special, key=len, reverse=True))
    return re.sub(pattern, lambda match: f"{match[0][:1]} {match[0][1:]}", text)


def render(
    style: Style,
    tokenizer: Tokenizer,
    instruction: str,
    input: str = "",
    thread: Sequence[Turn] = (),
    *,
    limit: int | None = None,
) -> Prompt:
    """Encode a question in `style`, in at most `limit` tokens.

    What does not fit goes in this order: the oldest turns of the thread, then the end of the
    input. The instruction is never cut.

    Raises:
        InstructionTooLong: the instruction alone does not fit.
    """
    instruction = plain(tokenizer, instruction)
    input = plain(tokenizer, input)
    turns = [Turn(turn.role, plain(tokenizer, turn.text)) for turn in thread]

    def rendered(dropped: int, kept: int) -> Prompt:
        if 0 < dropped < len(turns) and turns[dropped].role == "assistant":
            dropped += 1  # an answer whose question is gone
        text = style.text(tokenizer, instruction, input[:kept], turns[dropped:])
        return Prompt(encode(tokenizer, text), text, dropped, len(input) - kept)

    whole = rendered(0, len(input))
    if limit is None or len(whole.ids) <= limit:
        return whole
    bare = rendered(len(turns), 0)
    if len(bare.ids) > limit:
        raise InstructionTooLong(len(bare.ids), limit)
    without_thread = rendered(len(turns), len(input))
    if len(without_thread.ids) <= limit:
        return _most(lambda kept: rendered(len(turns) - kept, len(input)), len(turns), limit)
    return _most(lambda kept: rendered(len(turns), kept), len(input), limit)


def _most(rendered: Callable[[int], Prompt], most: int, limit: int) -> Prompt:
    """Return the prompt that keeps the most of `most` parts within `limit` tokens, by bisection."""
    low, high = 0, most
    best = rendered(0)
    while low < high:
        middle = (low + high + 1) // 2
        prompt = rendered(middle)
        if len(prompt.ids) <= limit:
            best, low = prompt, middle
        else:
            high = middle - 1
    return best


@dataclass(frozen=True)
class Example:
    """A row to learn from: all token ids, of which the first `prompt_length` are the prompt's."""

    ids: list[int]
    prompt_length: int


def encode_example(
    style: Style,
    tokenizer: Tokenizer,
    instruction: str,
    input: str,
    output: str,
    thread: Sequence[Turn] = (),
) -> Example:
    """Encode a question with its answer and the stop token, exactly as asking would continue it.

    Prompt and answer are encoded as one text: a SentencePiece tokenizer puts a `▁` before an
    answer encoded alone, which generation never produces.
    """
    prompt = render(style, tokenizer, instruction, input, thread)
    stop = style.stop_ids(tokenizer)[0]
    answer = plain(tokenizer, output)
    ids = encode(tokenizer, prompt.text + answer)
    length = len(prompt.ids)
    if ids[:length] != prompt.ids:
        # The last characters of the prompt merged with the answer's first; asking cannot do that.
        ids = prompt.ids + _continuation(tokenizer, answer)
    return Example([*ids, stop], length)


def _continuation(tokenizer: Tokenizer, text: str) -> list[int]:
    """Encode `text` as it would follow other text, behind an anchor it does not merge with."""
    for anchor in ("\n", "。", "a"):
        head = encode(tokenizer, anchor)
        ids = encode(tokenizer, anchor + text)
        if ids[: len(head)] == head:
            return ids[len(head) :]
    return encode(tokenizer, text)
