"""A tiny Llama or Qwen3 with a tokenizer of its own, on disk like any model; rows to teach it."""

import json
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
)

from trainer.data.encoding import Encoded

WORDS = ("赤", "青", "緑", "山", "川", "海", "空", "red", "blue", "green", "hill", "sea", "sky")

KINDS = ("llama", "qwen3")
"""The families that are trained on the fast path, as far as they differ there."""


def tiny_config(kind: str = "llama", **changes: object) -> PreTrainedConfig:
    values: dict[str, object] = {
        "vocab_size": 300,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "bos_token_id": 257,
        "eos_token_id": 258,
    }
    if kind == "qwen3":  # its heads are together wider than the model
        return Qwen3Config(**{**values, "head_dim": 24, **changes})
    return LlamaConfig(**{**values, **changes})


def tiny_model(seed: int = 0, kind: str = "llama", **changes: object) -> PreTrainedModel:
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(tiny_config(kind, **changes), dtype=torch.float32)
    for name, weight in model.named_parameters():
        if name.endswith(("q_norm.weight", "k_norm.weight")):
            torch.nn.init.normal_(weight, mean=1.0, std=0.3)
    model.eval().requires_grad_(False)
    return model


def byte_tokenizer() -> PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: place for place, letter in enumerate(alphabet)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<unk>", "<s>", "</s>"])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )


def write_model(folder: Path, kind: str = "llama") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tiny_model(kind=kind).save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


def write_rows(file: Path, count: int, seed: int = 0) -> Path:
    generator = random.Random(seed)
    lines = []
    for number in range(count):
        words = generator.sample(WORDS, 3)
        row = {
            "instruction": f"{number}: {words[0]} {words[1]}?",
            "input": words[2] if number % 3 == 0 else "",
            "output": " ".join(reversed(words[:2])),
        }
        lines.append(json.dumps(row, ensure_ascii=False))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def random_rows(count: int, seed: int = 0, vocabulary: int = 256) -> list[Encoded]:
    """Rows with one of two preambles or none; some questions are the preamble only."""
    generator = random.Random(seed)

    def ids(count: int) -> tuple[int, ...]:
        return tuple(generator.randrange(vocabulary) for _ in range(count))

    preambles = [ids(12), ids(9), ()]
    rows = []
    for _ in range(count):
        preamble = generator.choice(preambles)
        question, answer = generator.randrange(0 if preamble else 1, 8), generator.randrange(1, 25)
        own = ids(question + answer)
        rows.append(Encoded(preamble + own, len(preamble) + question, len(preamble)))
    return rows
