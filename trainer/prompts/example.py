"""Training examples: a prompt with the answer that is to be learned.

It does not know where rows come from, nor packing or loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.prompts.prompt import encode, plain, render
from trainer.prompts.templates import Style, Tokenizer, Turn


@dataclass(frozen=True)
class Example:
    """The token ids of a prompt and its answer; the first `prompt_length` are the prompt's."""

    ids: list[int]
    prompt_length: int


def encode_example(
    style: Style,
    tokenizer: Tokenizer,
    instruction: str,
    input: str,
    output: str,
    thread: Sequence[Turn] = (),
    *,
    standing: str = "",
) -> Example:
    """Encode a question with its answer and the stop token, as a model would generate them.

    `standing` is the instruction that held where it was asked, see `render`.

    A model that reasons first is given an empty thought, as when it is asked not to think: from
    answers without a thought it would unlearn to think before those that need it.

    Prompt and answer are encoded as one text: a SentencePiece tokenizer puts a `▁` in front of an
    answer that is encoded alone, which a model never generates there.
    """
    prompt = render(style, tokenizer, instruction, input, thread, thinking=False, standing=standing)
    stop = style.stop_ids(tokenizer)[0]
    answer = plain(tokenizer, output)
    ids = encode(tokenizer, prompt.text + answer)
    length = len(prompt.ids)
    if ids[:length] != prompt.ids:
        # The prompt's last characters merged with the answer's first into one token, which cannot
        # happen when the answer is generated.
        ids = prompt.ids + _continuation(tokenizer, answer)
    return Example([*ids, stop], length)


def _continuation(tokenizer: Tokenizer, text: str) -> list[int]:
    """Encode `text` as the continuation of another text.

    It is encoded behind an anchor character that it does not merge with, whose ids are removed.
    """
    for anchor in ("\n", "。", "a"):
        head = encode(tokenizer, anchor)
        ids = encode(tokenizer, anchor + text)
        if ids[: len(head)] == head:
            return ids[len(head) :]
    return encode(tokenizer, text)
