"""A question as a prompt: rendered in a style, encoded, and shortened to a token limit.

The worker and the command line ask with these prompts, and training examples start with them, so
that training and answering cannot disagree. It does not know models, sampling or Slack.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trainer.errors import InstructionTooLong
from trainer.prompts.templates import Style, Tokenizer, Turn


@dataclass(frozen=True)
class Prompt:
    """A prompt ready for a model: its token ids and the text that they encode.

    To make it fit, the oldest `dropped_turns` of the thread and the last `cut_characters` of the
    input were left out.
    """

    ids: list[int]
    text: str
    dropped_turns: int = 0
    cut_characters: int = 0


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the token ids of `text`, without a BOS or EOS token added.

    Swallow's template was tuned without a BOS, and a chat template contains its own.
    """
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def plain(tokenizer: Tokenizer, text: str) -> str:
    """Return `text` with a space inside every special token, so that it is encoded as plain text.

    `</s>` in a user's question must not end the prompt, nor `<|im_start|>` begin a turn.
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
    thinking: bool = True,
    standing: str = "",
) -> Prompt:
    """Render and encode a question in `style`, in at most `limit` tokens; None means no limit.

    Without `thinking` a model that reasons first is given an empty thought. `standing` is an
    instruction that holds for every question; it is data like the question, and begins no turn or
    section of the template.

    What does not fit is left out in this order: the oldest turns of the thread, then the end of the
    input. The instructions are never cut.

    Raises:
        InstructionTooLong: the instruction alone does not fit.
    """
    instruction = plain(tokenizer, instruction)
    standing = plain(tokenizer, standing)
    input = plain(tokenizer, input)
    turns = [Turn(turn.role, plain(tokenizer, turn.text)) for turn in thread]

    def rendered(dropped: int, kept: int) -> Prompt:
        if 0 < dropped < len(turns) and turns[dropped].role == "assistant":
            dropped += 1  # an answer whose question was left out
        text = style.text(
            tokenizer,
            instruction,
            input[:kept],
            turns[dropped:],
            thinking=thinking,
            standing=standing,
        )
        return Prompt(encode(tokenizer, text), text, dropped, len(input) - kept)

    whole = rendered(0, len(input))
    if limit is None or len(whole.ids) <= limit:
        return whole
    bare = rendered(len(turns), 0)
    if len(bare.ids) > limit:
        raise InstructionTooLong(len(bare.ids), limit)
    without_thread = rendered(len(turns), len(input))
    if len(without_thread.ids) <= limit:
        return _longest_fit(lambda kept: rendered(len(turns) - kept, len(input)), len(turns), limit)
    return _longest_fit(lambda kept: rendered(len(turns), kept), len(input), limit)


def _longest_fit(rendered: Callable[[int], Prompt], most: int, limit: int) -> Prompt:
    """Return the longest of `rendered(0)` … `rendered(most)` within `limit` tokens, by bisection.

    `rendered(0)` must fit.
    """
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
