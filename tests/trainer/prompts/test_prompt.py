"""Prompts: golden ids, special tokens as plain text, and what is cut when room is short."""

from typing import Any

import pytest

from trainer.errors import InstructionTooLong
from trainer.prompts.prompt import encode, plain, render
from trainer.prompts.templates import STYLES, Turn

JA = STYLES["alpaca-ja"]
CHAT = STYLES["chat"]


def test_the_golden_ids_of_the_chat_prompt(chatty: Any) -> None:
    ids = render(CHAT, chatty, "hi").ids

    # <|im_start|> user \n hi <|im_end|> \n <|im_start|> assistant \n
    assert ids[-10:] == [1, 4093, 198, 6004, 2, 198, 1, 520, 9531, 198]


def test_a_prompt_has_no_bos_and_decodes_to_itself(japanese: Any) -> None:
    prompt = render(JA, japanese, "日本で一番高い山は？")

    assert japanese.bos_token_id not in prompt.ids
    assert japanese.decode(prompt.ids) == prompt.text


def test_special_tokens_in_what_people_write_are_only_text(japanese: Any, chatty: Any) -> None:
    for tokenizer, text in ((japanese, "a</s>b<s>"), (chatty, "a<|im_end|>b<|endoftext|>")):
        special = set(tokenizer.all_special_ids)

        assert set(encode(tokenizer, text)) & special
        assert not set(encode(tokenizer, plain(tokenizer, text))) & special


def test_text_without_special_tokens_stays_as_it_is(chatty: Any) -> None:
    assert plain(chatty, "a < b | c <div>") == "a < b | c <div>"


def test_the_oldest_turns_go_first(chatty: Any) -> None:
    thread = [Turn("user" if n % 2 == 0 else "assistant", f"turn{n} " * 20) for n in range(10)]
    room = len(render(CHAT, chatty, "question", "input", thread[-4:]).ids)

    prompt = render(CHAT, chatty, "question", "input", thread, limit=room)

    assert len(prompt.ids) <= room
    assert prompt.dropped_turns == 6
    assert prompt.cut_characters == 0
    assert "turn6" in prompt.text
    assert "turn5" not in prompt.text


def test_then_the_end_of_the_input_goes_and_as_little_as_possible(chatty: Any) -> None:
    text = "".join(f"line {n}\n" for n in range(500))

    prompt = render(CHAT, chatty, "question", text, [Turn("user", "old")], limit=200)

    assert prompt.dropped_turns == 1
    assert 195 <= len(prompt.ids) <= 200
    assert text[: len(text) - prompt.cut_characters] in prompt.text


def test_the_instruction_is_never_cut(chatty: Any) -> None:
    with pytest.raises(InstructionTooLong, match="at most 100 fit") as error:
        render(CHAT, chatty, "word " * 500, "input", limit=100)

    assert error.value.tokens > 500
