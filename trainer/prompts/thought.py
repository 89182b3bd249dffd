"""The thought that a reasoning model writes before its answer: its marks, telling it apart from the
answer, and leaving it out or ending it.

What decides is the tokenizer: its chat template or its vocabulary has the marks. Works on decoded
text; of tokens it knows only which to leave out before they are decoded.
"""

from dataclasses import dataclass
from typing import Any

SWITCH = "enable_thinking"
"""The variable by which chat templates of hybrid models (Qwen3, SmolLM3, GLM-4.5) are told whether
the model is to think."""


@dataclass(frozen=True)
class Marks:
    """How a thought starts and what ends it; the answer begins behind `close`.

    `empty` is a whole thought without words. `conclusion` follows a thought that is long enough, so
    that the model answers with what it has.
    """

    open: str
    close: str
    empty: str
    conclusion: str


_ENOUGH = (
    "Considering the limited time by the user, I have to give the solution based on the thinking "
    "directly now."
)
"""What Qwen3 was given where its thought had reached the budget (its technical report, 4.3)."""

THINK = Marks(
    "<think>",
    "</think>",
    empty="<think>\n\n</think>\n\n",
    conclusion=f"\n\n{_ENOUGH}\n</think>\n\n",
)
HARMONY = Marks(
    "<|channel|>",
    "<|channel|>final<|message|>",
    empty="<|channel|>final<|message|>",
    conclusion=f"\n\n{_ENOUGH}<|end|><|start|>assistant<|channel|>final<|message|>",
)
"""Every channel before the final one is thought."""


def marks_of(tokenizer: Any) -> Marks | None:
    """Return the marks of the model's thoughts; None for a model that does not think first."""
    marks = marks_in(_template(tokenizer))
    if marks is not None:
        return marks
    known = hasattr(tokenizer, "get_vocab") and token_id(tokenizer, THINK.close) is not None
    return THINK if known else None


def token_id(tokenizer: Any, token: str) -> int | None:
    """Return the id of `token`, None where the vocabulary lacks it.

    It is asked for each prompt, and to copy the vocabulary for that takes 50 ms of 50,000 tokens.
    """
    id = tokenizer.convert_tokens_to_ids(token)
    unknown = id == tokenizer.unk_token_id and token != tokenizer.unk_token
    return None if id is None or unknown else int(id)


def marks_in(template: str) -> Marks | None:
    """Return the marks that a chat template knows; None where it knows none."""
    if HARMONY.open in template:
        return HARMONY
    return THINK if THINK.open in template or THINK.close in template else None


def has_switch(tokenizer: Any) -> bool:
    """Return whether the chat template itself writes the empty thought where none is wanted."""
    return SWITCH in _template(tokenizer)


def with_empty_thought(text: str, marks: Marks) -> str:
    """Return a prompt behind which the model has thought already, whether or not the prompt opens
    the thought."""
    if _opens(text, marks):
        text = text.rstrip().removesuffix(marks.open)
    return text + marks.empty


def hidden_ids(tokenizer: Any, marks: Marks) -> set[int]:
    """Return the ids of the special tokens that are no marks: they are not decoded."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    shown = marks.open + marks.close
    return {id for id, token in added.items() if token.special and str(token) not in shown}


def answer_of(tokenizer: Any, ids: list[int], prompt: str) -> str:
    """Return the answer in the token ids that follow `prompt`: no thought, no special tokens."""
    marks = marks_of(tokenizer)
    if marks is None:
        return str(tokenizer.decode(ids, skip_special_tokens=True))
    hidden = hidden_ids(tokenizer, marks)
    thought = Thought(marks, prompt)
    answer = thought.answer_in(tokenizer.decode([id for id in ids if id not in hidden]))
    return answer + thought.rest()


class Thought:
    """Leaves the thought out of a growing text; `prompt` may have opened it already."""

    def __init__(self, marks: Marks, prompt: str) -> None:
        self.marks = marks
        self.over = False
        self._begun = _opens(prompt, marks)
        self._held = ""

    @property
    def begun(self) -> bool:
        """Whether there is a thought: false until its first mark is complete."""
        return self._begun

    def answer_in(self, text: str) -> str:
        """Take more text, and return the part of it that belongs to the answer."""
        if self.over:
            return text
        self._held += text
        if not self._begun:
            start = self._held.lstrip()
            if start.startswith(self.marks.open):
                self._begun = True
            elif not self.marks.open.startswith(start):
                return self.rest()
        _, closed, answer = self._held.partition(self.marks.close)
        if self._begun and closed:
            self.over = True
            return answer
        return ""

    def rest(self) -> str:
        """Return what was held back as a possible first mark, at the end of a text without one."""
        if self.over or self._begun:
            return ""
        self.over = True
        return self._held


def _opens(prompt: str, marks: Marks) -> bool:
    return prompt.rstrip().endswith(marks.open)


def _template(tokenizer: Any) -> str:
    return str(getattr(tokenizer, "chat_template", None) or "")
