"""A tiny Llama with a tokenizer of its own, on disk like any model; and rows to teach it."""

import json
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from trainer.data.encoding import Encoded

WORDS = ("赤", "青", "緑", "山", "川", "海", "空", "red", "blue", "green", "hill", "sea", "sky")


def tiny_config(**changes: object) -> LlamaConfig:
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
    return LlamaConfig(**{**values, **changes})


def tiny_model(seed: int = 0, **changes: object) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    return LlamaForCausalLM(tiny_config(**changes)).eval().requires_grad_(False)


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


def write_model(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tiny_model().save_pretrained(folder)
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
