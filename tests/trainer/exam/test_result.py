"""The overall verdict says worse where other answers suffer, whatever was learned."""

from typing import Any

import pytest

from trainer.exam.result import marks_of, overall_verdict


def about(held_out: str, *marks: int) -> dict[str, Any]:
    names = ("corrections", "learned", "reworded", "others", "unchanged")
    return {"evaluation": {"verdict": held_out}, "exam": dict(zip(names, marks, strict=True))}


@pytest.mark.parametrize(
    ("held_out", "marks", "expected"),
    [
        ("unknown", (9, 7, 6, 24, 23), "better"),
        ("better", (9, 9, 9, 24, 20), "worse"),
        ("no clear difference", (9, 4, 4, 24, 24), "no clear difference"),
        ("worse", (9, 9, 9, 24, 24), "better"),  # the exam asks directly what became worse
        ("worse", (9, 9, 9, 2, 2), "worse"),
        ("worse", (0, 0, 0, 24, 24), "worse"),
        ("better", (0, 0, 0, 24, 24), "better"),
        ("better", (0, 0, 0, 10, 9), "better"),
        ("better", (0, 0, 0, 9, 8), "worse"),
    ],
)
def test_the_exam_and_the_held_out_rows_give_one_verdict(
    held_out: str, marks: tuple[int, ...], expected: str
) -> None:
    assert overall_verdict(about(held_out, *marks)) == expected


@pytest.mark.parametrize(
    "exam",
    [
        None,
        "x",
        [],
        {"corrections": 1},
        about("", 1, 2, 0, 0, 0)["exam"],
        about("", 1, -1, -1, 0, 0)["exam"],
        {**about("", 1, 1, 1, 1, 1)["exam"], "others": "1"},
        {**about("", 1, 1, 1, 1, 1)["exam"], "others": True},
    ],
)
def test_what_is_no_exam_of_ours_is_left_out(exam: Any) -> None:
    assert marks_of({"exam": exam}) is None
    assert overall_verdict({"evaluation": {"verdict": "better"}, "exam": exam}) == "better"
