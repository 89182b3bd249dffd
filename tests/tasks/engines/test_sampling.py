"""Each model is sampled as it was made for."""

import pytest
from transformers import GenerationConfig

from tasks.engines.protocol import Sampling
from tasks.engines.sampling import default_sampling

OWN = GenerationConfig(do_sample=True, temperature=0.6, top_p=0.9, top_k=20)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("Swallow-7b-instruct-hf", Sampling(temperature=0.99, top_p=0.95)),
        ("Qwen3-Swallow-8B-RL-v0.2", Sampling(temperature=0.6, top_p=0.9, top_k=20)),
        ("Llama-3.1-Swallow-8B-Instruct-v0.5", Sampling(temperature=0.6, top_p=0.9, top_k=20)),
        ("SmolLM2-135M-Instruct", Sampling()),
    ],
)
def test_only_the_first_swallow_models_have_the_recipes_sampling(
    model: str, expected: Sampling
) -> None:
    assert default_sampling(model, OWN) == expected


def test_a_model_that_says_nothing_answers_greedily() -> None:
    assert default_sampling("Qwen3-Swallow-8B-CPT-v0.2", None) == Sampling()
    assert default_sampling("other", GenerationConfig()) == Sampling()
