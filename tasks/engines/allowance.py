"""How many tokens an answer and its thought may take, and which limit a growing one has reached.

A thought does not count against the length of the answer behind it. It is bounded by what is asked
for and by the context, of which the answer's tokens stay free. Knows no engine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tasks.engines.text_stream import TextStream
from trainer.prompts.prompt import encode
from trainer.prompts.templates import Tokenizer
from trainer.prompts.thinking import Thinking
from trainer.prompts.thought import marks_of


@dataclass(frozen=True)
class Allowance:
    """How many tokens an answer may take: `thought` for its thought, then `answer`.

    `conclusion` is what ends a thought that reaches its limit; empty for a model that does not
    think first.
    """

    answer: int
    thought: int = 0
    conclusion: Sequence[int] = ()

    @property
    def tokens(self) -> int:
        """The most tokens that are generated in all."""
        return self.thought + len(self.conclusion) + self.answer


def reserved_tokens(
    tokenizer: Tokenizer, thinking: Thinking, max_new_tokens: int, context_length: int
) -> int:
    """Return how much of the context the prompt leaves free, at most half of it."""
    half = context_length // 2
    conclusion = _conclusion(tokenizer)
    if not conclusion or thinking == "off":
        return min(max_new_tokens, half)
    if thinking == "on":
        return half
    return min(thinking + len(conclusion) + max_new_tokens, half)


def allowance(
    tokenizer: Tokenizer, thinking: Thinking, max_new_tokens: int, room: int
) -> Allowance:
    """Return what an answer may take of the `room` in tokens that its prompt leaves."""
    conclusion = _conclusion(tokenizer)
    if not conclusion:
        return Allowance(min(max_new_tokens, room))
    answer = min(max_new_tokens, max(1, room - len(conclusion) - 1))
    thought = max(0, room - len(conclusion) - answer)
    if thinking == "off":  # a model that thinks all the same is told to answer at once
        thought = 0
    elif thinking != "on":
        thought = min(thought, thinking)
    return Allowance(answer, thought, conclusion)


def _conclusion(tokenizer: Tokenizer) -> list[int]:
    marks = marks_of(tokenizer)
    return encode(tokenizer, marks.conclusion) if marks else []


class Limits:
    """Watches the text of one answer: whether its thought or the answer itself is long enough.

    `on_thought` is called for every token of the thought, and tells whether it has taken too long.
    """

    def __init__(
        self, text: TextStream, allowed: Allowance, on_thought: Callable[[], bool]
    ) -> None:
        self._text = text
        self._allowed = allowed
        self._on_thought = on_thought
        self.thought_cut = False

    def conclusion(self) -> Sequence[int]:
        """Return the tokens to put behind the text now, once, where its thought must end.

        Called once for every token.
        """
        if self.thought_cut or not self._text.thinking:
            return ()
        enough = self._on_thought()
        if not enough and self._text.thought_tokens < self._allowed.thought:
            return ()
        self.thought_cut = True
        return self._allowed.conclusion

    @property
    def reached(self) -> bool:
        """Whether the answer, without its thought, has its full length."""
        return self._text.answer_tokens >= self._allowed.answer
