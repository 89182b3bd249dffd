"""Text on its way to Slack is escaped, and Markdown becomes Slack's form."""

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.incoming_text import unescape
from bot.slack.outgoing_text import JOINER, escape, from_markdown, lifeless


def test_markdown_is_shown_as_slack_writes_it() -> None:
    text = "## Title\n1. **Bold words**: x ** y **2 * 3\n```\n**code** # no\n```\n[a](https://b)"

    assert from_markdown(text) == (
        "*Title*\n1. *Bold words*: x ** y **2 * 3\n```\n**code** # no\n```\n[a](https://b)"
    )


@given(st.text())
def test_escaping_is_undone_exactly(text: str) -> None:
    assert unescape(escape(text)) == text


def test_a_heading_loses_its_closing_marks_and_a_line_that_is_none_stays() -> None:
    text = "# One ##\n### C#  \n# #\n#\n# a*b\n#  *\n#x"

    assert from_markdown(text) == "*One*\n*C#*\n# #\n#\n# a*b\n#  *\n#x"


def test_a_long_line_is_searched_once() -> None:
    """One search too many for each space, and this would take hours, in which no bot answers."""
    line = f"#{' ' * 2800}*{'#' * 2800} *"

    assert from_markdown(line) == line


def test_what_would_be_live_in_slacks_markdown_is_interrupted() -> None:
    text = (
        "<!channel> <@U123> <#C1|x> <http://evil|click> @here #general a@b.example evil.example "
        "https://evil.example/x [a](evil) ![a][1]\n[1]: //evil &lt;!here&gt;"
    )

    assert lifeless(text).replace(JOINER, "|") == (
        "<|!channel> <|@|U123> <|#|C1|x> <|http:|//evil|click> @|here #|general a@|b.|example "
        "evil.|example https:|//evil.|example/x [a]|(evil) ![a]|[1]|\n[1]|: //evil &|lt;!here&|gt;"
    ).replace("[1]|\n", "[1]\n")
    assert lifeless("1.5 < 2 && **a: b**, ok. 3 [x] 1:2") == "1.5 < 2 && **a: b**, ok. 3 [x] 1:2"


@given(st.text(alphabet="<@#&!:/.[]( ab1あ*", max_size=20), st.integers(0, 20))
def test_a_text_that_grows_keeps_what_was_shown_of_it(text: str, at: int) -> None:
    assert lifeless(text).startswith(lifeless(text[:at]))
    assert lifeless(text).replace(JOINER, "") == text
