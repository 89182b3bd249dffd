"""Prompt styles: how instruction, input and thread become one text, and what ends an answer.

A style's name is saved beside each adapter trained with it. This module calls a tokenizer's methods
but imports neither torch nor transformers; it does not know models, token limits or Slack.

>>> STYLES["alpaca-en"].text(None, "Add.", "1 and 2")[-34:]
'### Input:\\n1 and 2\\n\\n### Response:\\n'
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from trainer.errors import UnknownStyle
from trainer.prompts.thought import SWITCH, has_switch, marks_of, token_id, with_empty_thought

Tokenizer: TypeAlias = Any
"""A `transformers` fast tokenizer; not imported, so that prompts load without torch."""


@dataclass(frozen=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class Style(Protocol):
    """What every prompt style offers."""

    @property
    def name(self) -> str:
        """The style's name in `STYLES`."""

    @property
    def stop_texts(self) -> tuple[str, ...]:
        """Texts that end an answer where the model generates them: how another turn starts."""

    def text(
        self,
        tokenizer: Tokenizer,
        instruction: str,
        input: str = "",
        thread: Sequence[Turn] = (),
        *,
        thinking: bool = True,
        standing: str = "",
    ) -> str:
        """Return the whole prompt, up to the place where the answer starts.

        Without `thinking` a model that reasons first is given an empty thought. `standing` is an
        instruction that holds for every question, such as how to answer.
        """

    def stop_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the token ids that end an answer; training teaches the first of them."""


@dataclass(frozen=True)
class AlpacaStyle:
    """The Alpaca layout: a preamble, then labelled sections; the thread is part of the input."""

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
        """The section labels: such a model may not stop, but continue with another task."""
        return (f"\n{self.labels[0]}", f"\n{self.labels[2]}")

    def text(
        self,
        tokenizer: Tokenizer,
        instruction: str,
        input: str = "",
        thread: Sequence[Turn] = (),
        *,
        thinking: bool = True,
        standing: str = "",
    ) -> str:
        """Return the rendered template; `tokenizer` and `thinking` make no difference.

        The template has one place for instructions: the standing one comes first there.
        """
        instruction_label, input_label, response_label = self.labels
        material = "\n\n".join(filter(None, [self._transcript(thread), input]))
        instructions = "\n\n".join(filter(None, [self._without_labels(standing), instruction]))
        sections = f"{instruction_label}\n{instructions}\n\n"
        if material:
            sections += f"{input_label}\n{material}\n\n"
        preamble = self.with_input if material else self.without_input
        return f"{preamble}\n\n{sections}{response_label}{self.response_start}"

    def _without_labels(self, standing: str) -> str:
        """Return a standing instruction that begins no section of the template."""
        for label in self.labels:
            standing = standing.replace(label, label.lstrip("# "))
        return standing

    def _transcript(self, thread: Sequence[Turn]) -> str:
        user, assistant = self.speakers
        names = {"user": user, "assistant": assistant}
        return "\n".join(f"{names[turn.role]}: {turn.text}" for turn in thread)

    def stop_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the end-of-sequence id only: the template has no other special tokens."""
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
        self,
        tokenizer: Tokenizer,
        instruction: str,
        input: str = "",
        thread: Sequence[Turn] = (),
        *,
        thinking: bool = True,
        standing: str = "",
    ) -> str:
        """Return the rendered chat template, with the question as the last user turn.

        The standing instruction is the system message; it begins the first user turn where the
        template takes no such message, or leaves it out.
        """
        question = "\n\n".join(filter(None, [instruction, input]))
        turns = _alternating([*thread, Turn("user", question)])
        text = _with_system(tokenizer, standing, turns, thinking) if standing else None
        if text is None:
            first = Turn("user", "\n\n".join(filter(None, [standing, turns[0].text])))
            text = _rendered(tokenizer, _messages([first, *turns[1:]]), thinking)
        marks = None if thinking or has_switch(tokenizer) else marks_of(tokenizer)
        return with_empty_thought(text, marks) if marks else text

    def stop_ids(self, tokenizer: Tokenizer) -> list[int]:
        """Return the end-of-sequence id and every turn-ending token the vocabulary has."""
        ends = [token_id(tokenizer, token) for token in self.turn_ends]
        known = [id for id in ends if id is not None]
        return list(dict.fromkeys([int(tokenizer.eos_token_id), *known]))


def _alternating(turns: Sequence[Turn]) -> list[Turn]:
    """Return `turns` with alternating roles, the first a user's, as several templates require.

    Neighbours of one role are joined; turns before the first user's are left out.
    """
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].role == turn.role:
            joined[-1] = Turn(turn.role, f"{joined[-1].text}\n{turn.text}")
        elif joined or turn.role == "user":
            joined.append(turn)
    return joined


def _with_system(
    tokenizer: Tokenizer, standing: str, turns: Sequence[Turn], thinking: bool
) -> str | None:
    """Return the prompt with a system message; None where the template has no place for one."""
    from jinja2.exceptions import TemplateError

    messages = [{"role": "system", "content": standing}, *_messages(turns)]
    try:
        text = _rendered(tokenizer, messages, thinking)
    except TemplateError:
        return None
    return text if standing in text else None


def _messages(turns: Sequence[Turn]) -> list[dict[str, str]]:
    return [{"role": turn.role, "content": turn.text} for turn in turns]


def _rendered(tokenizer: Tokenizer, messages: Sequence[dict[str, str]], thinking: bool) -> str:
    return str(
        tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, **{SWITCH: thinking}
        )
    )


STYLES: dict[str, Style] = {
    style.name: style
    for style in (
        # Exactly the template that Swallow's instruct models were tuned with.
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
    """Return the style called `name`; None means the one that suits the model.

    That is `chat` for a tokenizer with a chat template, else `alpaca-ja`, because the Swallow
    instruct models have no chat template and were tuned with that style.

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
