"""Tables of an answer, in Slack's block or in columns of equal width, and never lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery import retry
from bot.questions.answer import ended, running
from bot.questions.tables import Table, parts, with_code
from bot.slack.incoming_text import without_bullets
from bot.workspace.block_kit import checks
from bot.workspace.block_kit.blocks import checked_blocks
from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Person, Serve, job_of
from tests.bot.questions.test_follower import ANSWERED, ask

TEXT = """結果です。

| 名前 | 数 |
|:-----|---:|
| **燕** | 10 |
| swallow \\| bird | 2000 | more |
| x |

- 一
  - 二"""


def test_columns_are_aligned_also_in_full_width_characters() -> None:
    [_, table, _] = parts(TEXT)

    assert isinstance(table, Table)
    assert table.rows[2] == ("swallow | bird", "2000 | more")
    lines = table.as_code().split("\n")
    assert lines[1] == "名前" + " " * 10 + "  " + " " * 9 + "数"
    assert lines[2] == "-" * 14 + "  " + "-" * 11
    assert lines[3] == "燕" + " " * 12 + "  " + " " * 9 + "10"


@pytest.mark.parametrize(
    "text",
    [
        "a | b\nc | d",
        "| a | b |\n|---|",
        "```\n| a | b |\n|---|---|\n```",
        "|---|---|",
        "no table",
        "",
    ],
)
def test_what_is_no_table_stays_as_it_is(text: str) -> None:
    assert with_code(text) == text


def test_an_answer_that_grows_has_columns_and_a_finished_one_slacks_table() -> None:
    [growing] = running(TEXT, "job", "ja")
    [post] = ended(TEXT, "finished", ANSWERED, "ja")

    assert [block["type"] for block in growing.blocks] == ["section", "actions"]
    assert growing.text == post.text
    assert "• 一\n\u2003◦ 二" in post.text
    assert without_bullets(post.text).endswith("- 一\n  - 二")
    assert [block["type"] for block in post.blocks] == ["section", "table", "section", "context"]
    assert checked_blocks(list(post.blocks))
    assert post.blocks[1]["rows"][1][0] == {"type": "raw_text", "text": "燕"}


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=30)


@given(st.lists(st.lists(CELLS, min_size=1, max_size=25), min_size=1, max_size=8))
def test_whatever_a_table_holds_is_shown_and_begins_no_mention(rows: list[list[str]]) -> None:
    rule = ["---"] * len(rows[0])
    lines = (f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))
    text = "\n".join(lines)
    [post] = ended(text, "finished", ANSWERED, "en")

    assert checked_blocks(list(post.blocks))
    shown = "".join(post.text.split())
    for mark in ("<!", "<@", "<#"):
        assert mark not in str(post)
    for cell in (cell for row in rows for cell in row):
        kept = [c for c in cell if c.isalnum()]
        assert all(c in shown for c in kept)


async def test_a_table_that_slack_refuses_is_posted_in_columns(
    serve: Serve, person: Person, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.02,))
    monkeypatch.delitem(checks._CHECKS, "table")
    async with serve():
        ts = await ask(person, "Show me.")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": TEXT})
        jobs.finish(job.id, 1, "finished", ANSWERED)
        await delivered(jobs)
        [reply] = await person.replies(ts)

    assert "swallow | bird  2000 | more" in reply["text"]
    assert {block["type"] for block in reply["blocks"]} == {"section"}
