"""Answers are measured behind their own and other questions, however the rows are packed."""

import pytest
import torch

from tests.trainer.doubles import random_rows, tiny_model
from trainer.data.encoding import Encoded
from trainer.evaluation import measure
from trainer.evaluation.measure import mismatched


def test_an_answer_is_put_behind_the_next_rows_question() -> None:
    rows = [Encoded((1, 2, 3, 40), 3, 1), Encoded((1, 5, 60, 61), 2, 1)]

    swapped = mismatched(rows)

    assert [row.ids for row in swapped] == [(1, 5, 40), (1, 2, 3, 60, 61)]


def test_a_question_with_the_same_answer_is_no_other_question() -> None:
    rows = [
        Encoded((1, 2, 40), 2, 1),
        Encoded((1, 3, 40), 2, 1),
        Encoded((1, 4, 50), 2, 1),
    ]

    assert [row.ids for row in mismatched(rows)] == [(1, 4, 40), (1, 4, 40), (1, 2, 50)]
    assert mismatched(rows[:2]) == rows[:2]


def test_losses_do_not_depend_on_packing() -> None:
    rows = random_rows(20)
    model = tiny_model()

    packed = measure.response_losses(model, rows, limit=200, share=True)
    single = measure.response_losses(model, rows, limit=200, share=False)

    assert packed == pytest.approx(single, rel=1e-5)


def test_the_greedy_answer_is_known_by_its_likeliest_tokens() -> None:
    model, question = tiny_model(), torch.tensor([[1, 2, 3, 4, 5]])
    greedy = model.generate(question, max_new_tokens=6, do_sample=False, eos_token_id=None)
    ids = tuple(greedy[0].tolist())
    other = (*ids[:-1], (ids[-1] + 1) % 256)

    losses, hits = measure.response_scores(
        model, [Encoded(ids, 5, 2), Encoded(other, 5, 2)], limit=100, share=True
    )

    assert hits == [6, 5]
    assert losses == pytest.approx(
        measure.response_losses(
            model, [Encoded(ids, 5, 2), Encoded(other, 5, 2)], limit=100, share=True
        )
    )
