"""Prompt styles: whole literal strings, golden ids, and what is cut when room is short."""

from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from transformers import LlamaTokenizer

from trainer.base_model.source import Source
from trainer.base_model.tokenizer import load_tokenizer
from trainer.errors import InstructionTooLong, UnknownStyle
from trainer.prompts import (
    STYLES,
    Turn,
    choose_style,
    encode,
    encode_example,
    plain,
    render,
)

JA = STYLES["alpaca-ja"]
EN = STYLES["alpaca-en"]
CHAT = STYLES["chat"]

CORPUS = [
    "以下に、あるタスクを説明する指示があります。リクエストを適切に完了するための回答を記述してください。",
    "この中でラッパーなのはどれ？エミネム、マイケル・ジャクソン、リアーナ、50セント",
    "以下のトピックに関する詳細な情報を提供してください",
    "### 指示: ### 入力: ### 応答: 日本で一番高い山は富士山です。",
    "The quick brown fox jumps over the lazy dog. Which of these is a rapper?",
] * 20


@pytest.fixture(scope="module")
def japanese(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small SentencePiece tokenizer of the Llama kind, as Swallow's: BPE with byte fallback."""
    folder = tmp_path_factory.mktemp("spm")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=480,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        minloglevel=2,
    )
    return LlamaTokenizer.from_pretrained(str(folder))


@pytest.fixture(scope="module")
def chatty(small_model: Source, model_cache: Path) -> Any:
    """The small model's tokenizer, which has a chat template."""
    return load_tokenizer(small_model, cache=model_cache)


def test_the_japanese_template_is_swallows_to_the_letter() -> None:
    assert JA.text(None, "訳して", "Hello") == (
        "以下に、あるタスクを説明する指示があり、それに付随する入力が更なる文脈を提供しています。"
        "リクエストを適切に完了するための回答を記述してください。\n\n"
        "### 指示:\n訳して\n\n### 入力:\nHello\n\n### 応答:"
    )
    assert JA.text(None, "訳して") == (
        "以下に、あるタスクを説明する指示があります。"
        "リクエストを適切に完了するための回答を記述してください。\n\n"
        "### 指示:\n訳して\n\n### 応答:"
    )


def test_the_english_template_is_alpacas_to_the_letter() -> None:
    assert EN.text(None, "Add.", "1 and 2") == (
        "Below is an instruction that describes a task, paired with an input that provides further "
        "context. Write a response that appropriately completes the request.\n\n"
        "### Instruction:\nAdd.\n\n### Input:\n1 and 2\n\n### Response:\n"
    )
    assert EN.text(None, "Add.") == (
        "Below is an instruction that describes a task. Write a response that appropriately "
        "completes the request.\n\n### Instruction:\nAdd.\n\n### Response:\n"
    )


def test_the_alpaca_styles_put_the_thread_into_the_input() -> None:
    thread = [Turn("user", "太郎です"), Turn("assistant", "こんにちは")]

    assert JA.text(None, "名前は？", "メモ", thread).endswith(
        "### 入力:\nユーザー: 太郎です\nアシスタント: こんにちは\n\nメモ\n\n### 応答:"
    )


def test_the_chat_style_renders_turns_that_alternate(chatty: Any) -> None:
    thread = [
        Turn("assistant", "ignored, nobody had asked"),
        Turn("user", "one"),
        Turn("user", "two"),
        Turn("assistant", "three"),
    ]

    assert CHAT.text(chatty, "four", "five", thread).endswith(
        "<|im_start|>user\none\ntwo<|im_end|>\n<|im_start|>assistant\nthree<|im_end|>\n"
        "<|im_start|>user\nfour\n\nfive<|im_end|>\n<|im_start|>assistant\n"
    )


def test_the_golden_ids_of_the_chat_prompt(chatty: Any) -> None:
    ids = render(CHAT, chatty, "hi").ids

    # <|im_start|> user \n hi <|im_end|> \n <|im_start|> assistant \n
    assert ids[-10:] == [1, 4093, 198, 6004, 2, 198, 1, 520, 9531, 198]


def test_a_prompt_has_no_bos_and_decodes_to_itself(japanese: Any) -> None:
    prompt = render(JA, japanese, "日本で一番高い山は？")

    assert japanese.bos_token_id not in prompt.ids
    assert japanese.decode(prompt.ids) == prompt.text


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


def test_the_model_chooses_the_style(chatty: Any, japanese: Any) -> None:
    assert choose_style(chatty).name == "chat"
    assert choose_style(japanese).name == "alpaca-ja"
    assert choose_style(chatty, "alpaca-en").name == "alpaca-en"


def test_a_style_the_model_cannot_use_is_refused(japanese: Any) -> None:
    with pytest.raises(UnknownStyle, match="no chat template"):
        choose_style(japanese, "chat")
    with pytest.raises(UnknownStyle, match="choose one of alpaca-ja, alpaca-en, chat"):
        choose_style(japanese, "vicuna")


def test_each_style_stops_where_its_model_stops(chatty: Any, japanese: Any) -> None:
    assert CHAT.stop_ids(chatty) == [2, 0]
    assert JA.stop_ids(japanese) == [japanese.eos_token_id]
    assert JA.stop_texts == ("\n### 指示:", "\n### 応答:")
