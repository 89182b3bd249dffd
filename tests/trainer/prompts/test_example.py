"""Training examples continue the prompt exactly as a model would."""

from typing import Any

from trainer.prompts.example import encode_example
from trainer.prompts.prompt import render
from trainer.prompts.templates import STYLES

JA = STYLES["alpaca-ja"]
EN = STYLES["alpaca-en"]
CHAT = STYLES["chat"]


def test_an_example_starts_with_the_prompts_ids_and_ends_with_the_stop_token(
    japanese: Any, chatty: Any
) -> None:
    for style, tokenizer in ((JA, japanese), (EN, japanese), (CHAT, chatty)):
        prompt = render(style, tokenizer, "この中でラッパーは？")
        example = encode_example(style, tokenizer, "この中でラッパーは？", "", "50セント")

        assert example.ids[: example.prompt_length] == prompt.ids
        assert example.ids[-1] == style.stop_ids(tokenizer)[0]
        answer = tokenizer.decode(example.ids[example.prompt_length : -1])
        assert answer == "50セント"


def test_an_answer_follows_the_label_without_the_mark_of_a_new_word(japanese: Any) -> None:
    example = encode_example(JA, japanese, "x", "", "富士山です")

    first = japanese.convert_ids_to_tokens(example.ids[example.prompt_length])
    assert not first.startswith("▁")


class Merging:
    """A tokenizer that joins a colon with the letter behind it, as a BPE may have learned to."""

    eos_token_id = 0

    def __call__(self, text: str, **_: Any) -> dict[str, list[int]]:
        ids: list[int] = []
        for character in text:
            if ids and ids[-1] == ord(":") and character == "5":
                ids[-1] = 1_000_000
            else:
                ids.append(ord(character))
        return {"input_ids": ids}


def test_an_answer_that_would_merge_with_the_prompt_is_kept_apart() -> None:
    example = encode_example(JA, Merging(), "x", "", "50")

    assert example.ids[example.prompt_length - 1 :] == [ord(":"), ord("5"), ord("0"), 0]
