"""A row that cannot be used is never made."""

import pytest

from tasks.errors import FeedbackRefused
from tasks.feedback.row import MOST_BYTES, FeedbackRow, read_row, row_id, to_fields
from tests.tasks.feedback.rows import proposed


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"author": ""}, "no_author"),
        ({"author": " \n"}, "no_author"),
        ({"id": ""}, "no_author"),
        ({"author": "U" * 65}, "name_too_long"),
        ({"instruction": " \r\n"}, "empty"),
        ({"output": ""}, "empty"),
        ({"output": "あ" * (MOST_BYTES // 3 + 1)}, "too_long"),
        ({"rejected": "x" * (MOST_BYTES + 1)}, "too_long"),
        ({"kind": "../etc"}, "kind"),
    ],
)
def test_what_is_missing_or_too_long_is_said_in_a_sentence(
    values: dict[str, str], reason: str
) -> None:
    with pytest.raises(FeedbackRefused, match=r"^[^\n]+\.$") as refused:
        proposed(**values)

    assert refused.value.reason == reason


def test_a_record_gives_the_same_row_again() -> None:
    row = proposed(
        instruction="何色？\r\n1",
        input="空",
        rejected="赤\ud83d",
        others=("UBOB", "UCAROL"),
        created=5,
    )

    assert row.instruction == "何色？\n1"
    assert row.rejected == "赤?"
    assert read_row(to_fields(row) | {"of_a_later_version": "1"}) == row


def test_what_nobody_sees_who_approves_it_is_not_in_a_row() -> None:
    hidden = "".join(map(chr, (0xE0041, 0xE0042, 0x202E, 0x200B, 0x1B, 0xFEFF)))

    row = proposed(instruction=f"Who?{hidden}", output=f"{hidden}木村\n\t👩‍💻{hidden}")

    assert (row.instruction, row.output) == ("Who?", "木村\n\t👩‍💻")
    with pytest.raises(FeedbackRefused):
        proposed(output=hidden)


def test_only_what_is_known_stands_in_a_line() -> None:
    assert "rejected" not in proposed().line()
    assert proposed(rejected="No.").line() == {
        "id": "a",
        "kind": "correction",
        "instruction": "What is a?",
        "input": "",
        "output": "This.",
        "rejected": "No.",
    }


def test_the_same_question_has_one_digest_however_it_is_written() -> None:
    asked = [proposed(instruction=text).question for text in ("Ｗｈｏ  are\nyou?", "who are you")]
    assert asked[0] == asked[1]
    assert proposed(instruction="who is he").question != asked[0]


def test_an_id_is_that_of_what_was_pressed() -> None:
    assert row_id("job", "UALICE", "liked") == row_id("job", "UALICE", "liked")
    assert len({row_id("job", user, "liked") for user in ("UALICE", "UBOB")}) == 2
    assert isinstance(proposed(row_id("job")), FeedbackRow)
