"""How close the converted model is to the original one: `python -m tests.benchmarks.agreement`.

Both engines answer the same hundred questions greedily, and equal answers are counted. Then the
mean KL divergence from the fp32 model's distributions over those answers is measured, in nats per
token: of the graph as it is served, and of the fp32 model with its weights rounded to int4, with
plain scales, with searched scales, and with searched scales and activations rounded to 8 bits as
our kernels round them. Tests have no other model with learned weights than the small one; its
divergence at int4 tells which scales are better, not how good a 7B is.
"""

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import torch

from tasks.engines.openvino.convert.conversion import convert
from tasks.engines.openvino.convert.converted import Converted
from tasks.engines.openvino.convert.quantise.groups import plain_int4, searched_int4
from tasks.engines.openvino.engine import OpenVinoEngine
from tasks.engines.openvino.serving import pipeline_spec
from tasks.engines.protocol import Engine, Question, Sampling
from tasks.engines.transformers.engine import TransformersEngine
from tests.tasks.engines.openvino.built_kernels import rounded
from trainer.base_model.load import load_model
from trainer.base_model.source import find, local_folder

TOPICS = (
    *("photosynthesis", "the French Revolution", "bicycles", "machine learning", "tea"),
    *("the water cycle", "jazz", "volcanoes", "inflation", "vaccines", "the moon", "bread"),
    *("chess", "whales", "steel", "Rome", "sleep", "gravity", "rice", "bridges"),
)
FORMS = (
    *("What is {}?", "Explain {} to a child.", "Write one sentence about {}."),
    *("List three facts about {}.", "Why does {} matter?"),
)
QUESTIONS = [form.format(topic) for topic in TOPICS for form in FORMS]
INT4_GROUP = 64
"""Weights per scale: the longest group that divides the small model's row lengths."""


def answers(engine: Engine, tokens: int, together: int) -> list[str]:
    """Return the greedy answers to all questions, of which `together` run at the same time."""

    def one(question: str) -> str:
        pieces: list[str] = []
        engine.answer(Question(question, sampling=Sampling(tokens)), pieces.append, lambda: False)
        return "".join(pieces)

    with ThreadPoolExecutor(together) as pool:
        return list(pool.map(one, QUESTIONS))


def sequences(engine: Any, replies: list[str]) -> Iterator[tuple[int, torch.Tensor]]:
    """Yield the prompt's length and the ids of prompt and answer, [1, tokens], of each question."""
    for question, reply in zip(QUESTIONS, replies, strict=True):
        prompt = Question(question, sampling=Sampling(1)).prompt(
            engine.style, engine.tokenizer, engine.context_length
        )
        ids = [*prompt.ids, *engine.tokenizer.encode(reply, add_special_tokens=False)]
        yield len(prompt.ids), torch.tensor([ids])


def divergence(expected: list[torch.Tensor], found: list[torch.Tensor]) -> float:
    """Return the mean KL divergence Σ p·log(p / q) per token, in nats.

    `expected` gives p and `found` gives q, one tensor of logits [tokens, vocabulary] per answer.
    """
    sums, count = 0.0, 0
    for one, other in zip(expected, found, strict=True):
        p, q = one.log_softmax(-1), other.log_softmax(-1)
        sums += float((p.exp() * (p - q)).sum())
        count += len(one)
    return sums / count


@torch.inference_mode()
def logits_of_model(model: Any, rows: list[tuple[int, torch.Tensor]]) -> list[torch.Tensor]:
    """Return the torch model's logits that predict each answer's tokens, [tokens, vocabulary]."""
    return [model(ids).logits[0, start - 1 : -1].float() for start, ids in rows]


def logits_of_graph(
    converted: Converted, rows: list[tuple[int, torch.Tensor]]
) -> list[torch.Tensor]:
    """Return the converted graph's logits, likewise, computed with the properties of serving."""
    properties = dict(pipeline_spec(converted, threads=None).properties)
    compiled = ov.Core().compile_model(
        str(converted.folder / "openvino_model.xml"), "CPU", properties
    )
    request = compiled.create_infer_request()
    logits = []
    for start, ids in rows:
        count = ids.shape[1]
        request.reset_state()
        outputs = request.infer(
            {
                "input_ids": ids.numpy(),
                "attention_mask": np.ones((1, count), np.int64),
                "position_ids": np.arange(count)[None],
                "beam_idx": np.zeros(1, np.int32),
            }
        )
        logits.append(torch.from_numpy(np.array(outputs["logits"]))[0, start - 1 : -1].float())
    return logits


@torch.no_grad()
def logits_with_int4(
    model: Any, quantise: Any, rows: list[tuple[int, torch.Tensor]], *, activations: bool = False
) -> Any:
    """Return the model's logits with the weights of all blocks rounded to int4 by `quantise`.

    With `activations` the layers' inputs are rounded to 8 bits as our kernels round them. The
    model has its own weights again afterwards.
    """
    kept, hooks = {}, []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and "lm_head" not in name:
            kept[module] = module.weight.clone()
            integers, scales = quantise(module.weight.reshape(-1, INT4_GROUP))
            weight = integers.float() * scales.float()
            module.weight.copy_(weight.view_as(module.weight))
            if activations:
                hooks.append(module.register_forward_pre_hook(_round_input))
    logits = logits_of_model(model, rows)
    for module, weight in kept.items():
        module.weight.copy_(weight)
    for hook in hooks:
        hook.remove()
    return logits


def _round_input(_: Any, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
    return (rounded(inputs[0]),)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cache", type=Path, default=Path("~/.swallow/cache").expanduser())
    parser.add_argument("--tokens", type=int, default=24)
    options = parser.parse_args()
    source = find(None)
    fast = OpenVinoEngine(source, cache=options.cache)
    quick = answers(fast, options.tokens, together=8)
    fast.close()
    reference = TransformersEngine(source, cache=options.cache)
    slow = answers(reference, options.tokens, together=1)
    equal = sum(one == other for one, other in zip(quick, slow, strict=True))
    print(json.dumps({"equal_answers": equal, "of": len(QUESTIONS), "precision": fast.precision}))

    rows = list(sequences(reference, slow))
    model = load_model(source, cache=options.cache)
    expected = logits_of_model(model, rows)
    folder = local_folder(source, cache=options.cache)
    converted = convert(folder, name=source.name, cache=options.cache)
    print(json.dumps({"kl_as_served": divergence(expected, logits_of_graph(converted, rows))}))
    for name, quantise in (("plain", plain_int4), ("searched", searched_int4)):
        found = logits_with_int4(model, quantise, rows)
        print(json.dumps({f"kl_int4_{name}_scales": divergence(expected, found)}))
    found = logits_with_int4(model, searched_int4, rows, activations=True)
    print(json.dumps({"kl_int4_searched_scales_8_bit_activations": divergence(expected, found)}))


if __name__ == "__main__":
    main()
