"""The thought that a reasoning model writes before its answer, told apart from the answer.

What decides is the tokenizer: its chat template or its vocabulary has the marks. Works on decoded
text and does not know tokens.
"""

from dataclasses import dataclass

from trainer.prompts.templates import Tokenizer


@dataclass(frozen=True)
class Marks:
    """How a thought starts and what ends it; the answer begins behind `close`."""

    open: str
    close: str


THINK = Marks("<think>", "</think>")
HARMONY = Marks("<|channel|>", "<|channel|>final<|message|>")
"""Every channel before the final one is thought."""


def marks_of(tokenizer: Tokenizer) -> Marks | None:
    """Return the marks of the model's thoughts; None for a model that does not think first."""
    known = str(getattr(tokenizer, "chat_template", None) or "")
    if HARMONY.open in known:
        return HARMONY
    if THINK.open in known or THINK.close in known:
        return THINK
    vocabulary = tokenizer.get_vocab() if hasattr(tokenizer, "get_vocab") else {}
    return THINK if THINK.close in vocabulary else None


class Thought:
    """Leaves the thought out of a growing text; `prompt` may have opened it already."""

    def __init__(self, marks: Marks, prompt: str) -> None:
        self.marks = marks
        self.over = False
        self._begun = prompt.rstrip().endswith(marks.open)
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
