"""Two tokenizers: a SentencePiece one like Swallow's, and one with a chat template."""

from pathlib import Path
from typing import Any

import pytest
import sentencepiece
from transformers import LlamaTokenizer

from trainer.base_model.source import Source
from trainer.base_model.tokenizer import load_tokenizer

CORPUS = [
    "以下に、あるタスクを説明する指示があります。リクエストを適切に完了するための回答を記述してください。",
    "この中でラッパーなのはどれ？エミネム、マイケル・ジャクソン、リアーナ、50セント",
    "以下のトピックに関する詳細な情報を提供してください",
    "### 指示: ### 入力: ### 応答: 日本で一番高い山は富士山です。",
    "The quick brown fox jumps over the lazy dog. Which of these is a rapper?",
] * 20


@pytest.fixture(scope="package")
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


@pytest.fixture(scope="package")
def chatty(small_model: Source, model_cache: Path) -> Any:
    """The small model's tokenizer, which has a chat template."""
    return load_tokenizer(small_model, cache=model_cache)
