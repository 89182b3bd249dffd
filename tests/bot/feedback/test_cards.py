"""What people wrote is shown as they wrote it, and what is cut is said."""

import json

import pytest

from bot.feedback.cards import home_row, review_post
from bot.feedback.forms import CORRECT_FORM, TEACH_FORM, Texts, form
from tests.tasks.feedback.rows import proposed


def test_an_author_that_an_imported_file_names_pings_nobody() -> None:
    row = proposed(author="operator:<!channel>")

    shown = json.dumps([review_post(row, "en").blocks, home_row(row, "en")])

    assert "<!channel>" not in shown
    assert "&lt;!channel&gt;" in shown


def test_a_long_text_says_how_long_it_is() -> None:
    row = proposed(output="<" * 5000)

    assert "&lt;… (5,000 characters in all)" in json.dumps(home_row(row, "en"), ensure_ascii=False)
    assert "全5,000文字" in json.dumps(review_post(row, "ja").blocks, ensure_ascii=False)
    assert "文字" not in json.dumps(review_post(proposed(output="<"), "ja").blocks)


@pytest.mark.parametrize(
    ("callback", "hint"),
    [
        (CORRECT_FORM, "Only the first 3,000 characters are shown; left as it is, the whole text"),
        (TEACH_FORM, "Only the first 3,000 characters are taken."),
    ],
)
def test_a_form_says_what_becomes_of_a_text_that_it_cannot_hold(callback: str, hint: str) -> None:
    view = form(callback, "draft", Texts("Who?", "", "x" * 3001), "en")

    [field] = [block for block in view["blocks"] if "hint" in block]
    assert field["block_id"] == "output"
    assert field["hint"]["text"].startswith(hint)
