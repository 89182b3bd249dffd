"""Greedy answers in batches are those that each prompt gets alone."""

import torch

from tests.trainer import doubles
from trainer.model.greedy import greedy_answers

STOP = 258


def test_answers_in_a_batch_are_those_of_each_prompt_alone() -> None:
    model = doubles.tiny_model()
    prompts = [[5, 6, 7, 8, 9], [40], [5, 6], *([place, 3] for place in range(20, 40))]

    together = dict(greedy_answers(model, prompts, [STOP], [6] * len(prompts)))

    assert sorted(together) == list(range(len(prompts)))
    for index, prompt in enumerate(prompts[:4]):
        ids = list(prompt)
        with torch.inference_mode():
            while len(ids) < len(prompt) + 6 and ids[-1] != STOP:
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
        assert together[index] == ids[len(prompt) :]


def test_an_answer_ends_with_its_stop_token() -> None:
    model = doubles.tiny_model()
    ((_, free),) = greedy_answers(model, [[5, 6]], [STOP], [6])

    ((_, stopped),) = greedy_answers(model, [[5, 6]], [free[2], STOP], [6])

    assert stopped == free[: free.index(free[2]) + 1]
