"""Answers are measured behind their own and other questions, however the rows are packed."""

import pytest
import torch

from tests.trainer.doubles import random_rows, tiny_model
from trainer.data.encoding import Encoded
from trainer.evaluation import measure
from trainer.evaluation.measure import mismatched


def test_an_answer_is_put_behind_the_next_rows_question() -> None:
    rows = [Encoded((1, 2, 3, 40), 3, 1), Encoded((1, 5, 60, 61), 2, 1)]

    swapped = mismatched(rows, 1)

    assert _ids(swapped) == [[(1, 5, 40)], [(1, 2, 3, 60, 61)]]


def test_an_answer_is_put_behind_several_other_questions_as_far_as_there_are() -> None:
    rows = [Encoded((1, question, 40 + question), 2, 1) for question in (2, 3, 4)]

    assert _ids(mismatched(rows, 5))[1] == [(1, 4, 43), (1, 2, 43)]


def test_the_loss_behind_other_questions_is_their_mean() -> None:
    rows = [Encoded((1, question, 40 + question), 2, 1) for question in (2, 3, 4)]
    model = tiny_model()

    found = measure.losses(model, rows, limit=200, share=False)

    behind = [row for several in mismatched(rows, 2) for row in several]
    losses = measure.response_losses(model, behind, limit=200, share=False)
    pairs = zip(losses[::2], losses[1::2], strict=True)
    assert len(losses) == 6
    assert found.other == pytest.approx([sum(pair) / 2 for pair in pairs])


def test_a_question_with_the_same_answer_is_no_other_question() -> None:
    rows = [
        Encoded((1, 2, 40), 2, 1),
        Encoded((1, 3, 40), 2, 1),
        Encoded((1, 4, 50), 2, 1),
    ]

    assert _ids(mismatched(rows, 1)) == [[(1, 4, 40)], [(1, 4, 40)], [(1, 2, 50)]]
    assert mismatched(rows[:2], 1) == [[row] for row in rows[:2]]


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


def _ids(several: list[list[Encoded]]) -> list[list[tuple[int, ...]]]:
    return [[row.ids for row in rows] for rows in several]
