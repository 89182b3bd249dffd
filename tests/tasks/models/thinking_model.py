"""A tiny model that thinks before it answers, always the same: its layers add next to nothing, so
that each token is followed by the one that a table names."""

from itertools import pairwise
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

from tests.tasks.models.tiny_models import SHAPE, write_tiny
from trainer.base_model.source import Source, find
from trainer.base_model.tokenizer import load_tokenizer

TEMPLATE = (
    "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}>{% endif %}"
)


def write_thinking(
    folder: Path,
    *,
    thought: str,
    answer: str,
    opened: bool = False,
    endless: bool = False,
    comment: str = "",
    context: int = SHAPE["max_position_embeddings"],
) -> Source:
    """Write a model that says `<think>`, `thought`, `</think>` and `answer`, without a character
    twice; with `opened` its template has the first mark already.

    An `endless` one repeats the thought, and answers only behind an end that it is given. `comment`
    stands in the template.
    """
    write_tiny(folder, "llama2")
    tokenizer = load_tokenizer(find(str(folder)))
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.chat_template = TEMPLATE.replace(">{%", "><think>{%") if opened else TEMPLATE
    if not opened:
        tokenizer.chat_template += "{# <think> #}"
    tokenizer.chat_template += f"{{# {comment} #}}"
    tokenizer.save_pretrained(folder)
    said = tokenizer(f"><think>{thought}</think>{answer}", add_special_tokens=False)["input_ids"]
    assert len(set(said)) == len(said) <= SHAPE["hidden_size"]
    pairs = list(pairwise([*said, tokenizer.eos_token_id]))
    if endless:
        (end,) = tokenizer("</think>", add_special_tokens=False)["input_ids"]
        first = said[2]  # behind the prompt's last character and the first mark
        pairs = [(token, first if following == end else following) for token, following in pairs]
    model = LlamaForCausalLM.from_pretrained(folder)
    model.config.max_position_embeddings = context
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(1e-3)
            layer.mlp.down_proj.weight.mul_(1e-3)
        model.model.norm.weight.fill_(1)
        model.model.embed_tokens.weight.zero_()
        model.lm_head.weight.zero_()
        for place, (token, following) in enumerate(pairs):
            model.model.embed_tokens.weight[token, place] = 1
            model.lm_head.weight[following, place] = 1
    model.save_pretrained(folder)
    return find(str(folder))
