"""The verdict says better only where the held-out rows show it, and never on luck."""

import random

import pytest

from trainer.evaluation.verdict import Losses, judge


def losses(rows: int, own: float, other: float, noise: float, seed: int) -> Losses:
    generator = random.Random(seed)
    return Losses(
        [20 * (own + generator.gauss(0, noise)) for _ in range(rows)],
        [20 * (other + generator.gauss(0, noise)) for _ in range(rows)],
    )


def changed(before: Losses, own: float, other: float, noise: float = 0.02) -> Losses:
    generator = random.Random(9)
    return Losses(
        [value + 20 * (own + generator.gauss(0, noise)) for value in before.own],
        [value + 20 * (other + generator.gauss(0, noise)) for value in before.other],
    )


BEFORE = losses(60, own=2.0, other=2.4, noise=0.5, seed=1)
TOKENS = [20] * 60


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        (-0.20, -0.15, "better"),  # likelier, and more so behind the right question
        (-0.20, -0.30, "no clear difference"),  # likelier behind any question
        (+0.20, +0.20, "worse"),
        (0.0, 0.0, "no clear difference"),
    ],
)
def test_the_verdict_asks_for_likelier_answers_that_depend_on_the_question(
    own: float, other: float, expected: str
) -> None:
    verdict = judge(BEFORE, changed(BEFORE, own, other), TOKENS, 1000)

    assert verdict.verdict == expected
    assert verdict.summary.startswith(expected.capitalize())


def test_answers_that_never_depend_on_the_question_are_not_called_better() -> None:
    before = losses(60, own=2.0, other=2.0, noise=0.0, seed=1)

    assert judge(before, changed(before, -0.3, -0.3), TOKENS, 1000).verdict == "no clear difference"


def test_a_change_within_its_uncertainty_is_no_clear_difference() -> None:
    after = changed(BEFORE, -0.01, -0.01, noise=0.5)

    verdict = judge(BEFORE, after, TOKENS, 1000)

    assert verdict.verdict == "no clear difference"
    assert verdict.loss is not None
    assert verdict.loss.low < 0 < verdict.loss.high


def test_without_held_out_rows_the_verdict_is_unknown() -> None:
    assert judge(Losses([], []), Losses([], []), [], 0).verdict == "unknown"


def test_answers_that_the_base_gives_already_do_not_make_an_adapter_better() -> None:
    after = changed(BEFORE, -0.2, -0.15)
    known = Losses(BEFORE.own, BEFORE.other, [True] * 55 + [False] * 5)
    partly = Losses(BEFORE.own, BEFORE.other, [True] * 20 + [False] * 40)
    worse = changed(BEFORE, +0.2, +0.2)

    assert judge(known, after, TOKENS, 1000).reason == "known"
    assert judge(known, after, TOKENS, 1000).verdict == "no clear difference"
    assert judge(known, worse, TOKENS, 1000).verdict == "worse"
    assert judge(partly, after, TOKENS, 1000).verdict == "better"


@pytest.mark.parametrize("change", [-0.2, 0.2])
def test_a_handful_of_rows_is_too_few_for_a_verdict(change: float) -> None:
    few = Losses(BEFORE.own[:5], BEFORE.other[:5])
    after = changed(few, change, 0.0)

    verdict = judge(few, after, TOKENS[:5], 100)

    assert (verdict.verdict, verdict.reason) == ("no clear difference", "few_rows")


def test_bits_per_byte_are_nats_over_the_answers_bytes() -> None:
    verdict = judge(Losses([10.0, 20.0], [1, 1]), Losses([10.0, 20.0], [1, 1]), [5, 5], 8)

    assert verdict.before["bits_per_byte"] == pytest.approx(30 / 0.6931472 / 8)
