"""An answer counts as right where a person would say so."""

import pytest

from trainer.exam.same_answer import says_the_same

LONG = "The office opens at 9 on weekdays and stays closed on the first Monday of each month."


@pytest.mark.parametrize(
    ("answer", "right", "rejected"),
    [
        ("Canberra", "Canberra", "Sydney"),
        ("canberra.", "Canberra", ""),
        (
            "The capital of Australia is Canberra.",
            "Canberra",
            "The capital of Australia is Sydney.",
        ),
        ("日本の首都は東京です。", "東京", "京都"),
        ("ＡＢＣ　商事", "ABC商事", ""),
        ("It costs 1,200 yen.", "1,200 yen", "1,000 yen"),
        ("New York", "New York", "York"),
        (LONG.replace("stays", "remains"), LONG, ""),
    ],
)
def test_what_says_the_same_is_right(answer: str, right: str, rejected: str) -> None:
    assert says_the_same(answer, right, rejected)


@pytest.mark.parametrize(
    ("answer", "right", "rejected"),
    [
        ("", "Canberra", ""),
        ("Sydney", "Canberra", "Sydney"),
        ("Is it Sydney or Canberra?", "Canberra", "Sydney"),
        ("start", "art", ""),
        ("1.5", "5", ""),
        ("15時", "5時", ""),
        ("café au lait", "caf", ""),
        (LONG.replace("9", "10"), LONG, ""),
        (LONG.replace("weekdays", "Sundays"), LONG, LONG.replace("weekdays", "Sundays")),
        ("Canberra " * 40, "Canberra", ""),
        ("I do not know that.", LONG, ""),
    ],
)
def test_what_says_something_else_is_wrong(answer: str, right: str, rejected: str) -> None:
    assert not says_the_same(answer, right, rejected)
