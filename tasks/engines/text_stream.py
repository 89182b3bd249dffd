"""From token ids to the text a person reads, piece by piece.

Knows tokenizers only by `decode`; does not know where the ids come from.
"""

from collections.abc import Callable, Sequence

from trainer.prompts.styles import Tokenizer

UNFINISHED = "\N{REPLACEMENT CHARACTER}"
"""What a tokenizer decodes the first bytes of a character to."""


class TextStream:
    """Decodes a growing answer and hands out text that is final.

    Held back are: bytes of an unfinished character, white space at either end, and what might be
    the start of a stop text. `stopped` turns true when a stop text has appeared.
    """

    def __init__(
        self, tokenizer: Tokenizer, stop_texts: Sequence[str], on_text: Callable[[str], None]
    ) -> None:
        self.tokenizer = tokenizer
        self.stop_texts = stop_texts
        self.on_text = on_text
        self.stopped = False
        self._ids: list[int] = []
        # Text is decoded in a window: from a token whose text is known to the newest, so that
        # joining rules between tokens apply and the cost per token stays the same.
        self._window = 0
        self._known = 0
        self._pending = ""
        self._begun = False

    def push(self, id: int) -> None:
        """Take the next token of the answer."""
        self._ids.append(id)
        before = self._decode(self._window, self._known)
        after = self._decode(self._window, len(self._ids))
        if len(after) > len(before) and not after.endswith(UNFINISHED):
            self._window, self._known = self._known, len(self._ids)
            self._take(after[len(before) :])

    def close(self) -> None:
        """Hand out what was held back, less white space and half a character at the end."""
        before = self._decode(self._window, self._known)
        self._take(self._decode(self._window, len(self._ids))[len(before) :].rstrip(UNFINISHED))
        if not self.stopped:
            self._emit(self._pending.rstrip())
        self._pending = ""

    def _decode(self, start: int, end: int) -> str:
        return str(
            self.tokenizer.decode(
                self._ids[start:end], skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    def _take(self, text: str) -> None:
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
