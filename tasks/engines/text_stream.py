"""From token ids to the text a person reads, piece by piece.

Knows tokenizers only by `decode`; does not know where the ids come from.
"""

from collections.abc import Callable, Sequence

from trainer.prompts.templates import Tokenizer
from trainer.prompts.thought import Thought, hidden_ids, marks_of

UNFINISHED = "\N{REPLACEMENT CHARACTER}"
"""What a tokenizer decodes the first bytes of an incomplete character to."""


class TextStream:
    """Decodes an answer token by token, and passes on text as soon as it is final.

    Held back are bytes of an unfinished character, white space at the end, and what may be the
    start of a stop text; white space at the start is left out, and the thought of a model that
    reasons first, of which `thought_tokens` are counted. `prompt` is what the answer follows: some
    templates open the thought there. `stopped` becomes true once a stop text has appeared.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        stop_texts: Sequence[str],
        on_text: Callable[[str], None],
        prompt: str = "",
    ) -> None:
        self.tokenizer = tokenizer
        marks = marks_of(tokenizer)
        self._thought = Thought(marks, prompt) if marks else None
        self._hidden = hidden_ids(tokenizer, marks) if marks else set()
        self._first_tokens = 0
        self._resumed = 0
        self.stop_texts = stop_texts
        self.on_text = on_text
        self.stopped = False
        self._ids: list[int] = []
        # A token's text depends on its neighbours, so tokens are decoded from `_window` on, some
        # before the newest. The text of tokens before `_known` has been taken. The window moves
        # along, so that the cost per token does not grow.
        self._window = 0
        self._known = 0
        self._pending = ""
        self._begun = False

    def resume(self, ids: Sequence[int]) -> None:
        """Take the tokens of an answer that goes on: their text is passed on already."""
        on_text, self.on_text = self.on_text, lambda text: None
        for id in ids:
            self.push(id)
        self.on_text = on_text
        self._ids = self._ids[self._window :]
        self._known -= self._window
        self._window, self._first_tokens = 0, 0
        self._resumed = len(self._ids)
        self._pending, self._begun, self.stopped = "", False, False

    def push(self, id: int) -> None:
        """Take the next token of the answer."""
        self._ids.append(id)
        if self._thought is not None and not self._thought.over:
            self._first_tokens += 1
        before = self._decode(self._window, self._known)
        after = self._decode(self._window, len(self._ids))
        if len(after) > len(before) and not after.endswith(UNFINISHED):
            self._window, self._known = self._known, len(self._ids)
            self._take(after[len(before) :])

    @property
    def thinking(self) -> bool:
        """Whether the thought has begun and is not over."""
        return self._thought is not None and self._thought.begun and not self._thought.over

    @property
    def answer_tokens(self) -> int:
        """How many of the tokens so far are the answer; 0 while it may yet be a thought."""
        if self._thought is not None and not self._thought.over:
            return 0
        return len(self._ids) - self._resumed - self.thought_tokens

    @property
    def thought_tokens(self) -> int:
        """How many of the tokens so far are the thought and its marks."""
        return self._first_tokens if self._thought is not None and self._thought.begun else 0

    def close(self) -> None:
        """Pass on what was held back, without white space or an incomplete character at the end."""
        before = self._decode(self._window, self._known)
        self._take(self._decode(self._window, len(self._ids))[len(before) :].rstrip(UNFINISHED))
        if self._thought is not None:
            self._take_answer(self._thought.rest())
        if not self.stopped:
            self._emit(self._pending.rstrip())
        self._pending = ""

    def _decode(self, start: int, end: int) -> str:
        ids = self._ids[start:end]
        # Until the thought is over its marks are read, which may be special tokens.
        marked = self._thought is not None and not self._thought.over
        if marked:
            ids = [id for id in ids if id not in self._hidden]
        return str(
            self.tokenizer.decode(
                ids, skip_special_tokens=not marked, clean_up_tokenization_spaces=False
            )
        )

    def _take(self, text: str) -> None:
        self._take_answer(self._thought.answer_in(text) if self._thought is not None else text)

    def _take_answer(self, text: str) -> None:
        if self.stopped:
            return
        self._pending += text
        found = [at for stop in self.stop_texts if (at := self._pending.find(stop)) >= 0]
        if found:
            self._emit(self._pending[: min(found)].rstrip())
            self.stopped = True
            return
        final = self._final_length()
        self._emit(self._pending[:final])
        self._pending = self._pending[final:]

    def _final_length(self) -> int:
        """Return how much of the pending text can neither be trailing nor begin a stop text."""
        final = len(self._pending)
        for stop in self.stop_texts:
            for length in range(min(len(stop) - 1, len(self._pending)), 0, -1):
                if self._pending.endswith(stop[:length]):
                    final = min(final, len(self._pending) - length)
                    break
        return len(self._pending[:final].rstrip())

    def _emit(self, text: str) -> None:
        if not self._begun:
            text = text.lstrip()
        if text:
            self._begun = True
            self.on_text(text)
