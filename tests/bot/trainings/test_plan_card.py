"""The message of a plan: which rows are cut, and what would keep them."""

from bot.trainings.plan_card import plan_card
from tests.bot.trainings.test_plan_follower import PLAN


def test_a_plan_says_how_many_rows_are_cut_and_the_cutoff_that_keeps_most() -> None:
    plan = {**PLAN, "keeping_cutoff": 1_312, "replayed": 20}

    assert "Rows cut to 256 tokens: 3\n`cutoff=1312` would leave 95 %" in plan_card(plan, "en").text
    assert "毎エポック元のモデルの答えを 20 行" in plan_card(plan, "ja").text
    assert "would leave" not in plan_card({**plan, "keeping_cutoff": 200}, "en").text
    assert "would leave" not in plan_card({**plan, "keeping_cutoff": None}, "en").text
