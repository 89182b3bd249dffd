"""Text on its way to Slack is escaped, and Markdown becomes Slack's form."""

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.incoming_text import unescape
from bot.slack.outgoing_text import escape, from_markdown


def test_markdown_is_shown_as_slack_writes_it() -> None:
    text = "## Title\n1. **Bold words**: x ** y **2 * 3\n```\n**code** # no\n```\n[a](https://b)"

    assert from_markdown(text) == (
        "*Title*\n1. *Bold words*: x ** y **2 * 3\n```\n**code** # no\n```\n[a](https://b)"
    )


@given(st.text())
def test_escaping_is_undone_exactly(text: str) -> None:
    assert unescape(escape(text)) == text
