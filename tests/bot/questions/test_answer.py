"""Answers keep Slack's limits; nothing in them notifies anybody or becomes a link."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.questions import answer
from bot.slack.blocks import Post
from bot.slack.outgoing_text import escape

FACTS = {
    "model": "Swallow-7b-instruct-hf",
    "adapter": "",
    "tokens": 48,
    "seconds": 8.04,
    "tokens_per_second": 5.99,
    "finish": "stop",
}


def footer(post: Post) -> str:
    """The text of a post's context block."""
    return "".join(
        element["text"]
        for block in post.blocks
        if block["type"] == "context"
        for element in block["elements"]
    )


def test_an_answer_has_its_text_and_a_footer() -> None:
    (post,) = answer.ended("50セント", "finished", FACTS, "ja")

    assert post.text == "50セント"
    assert footer(post) == "Swallow-7b-instruct-hf · 48 トークン · 8.0 秒 · 6.0 トークン/秒"


def test_the_footer_names_the_adapter_and_what_was_cut() -> None:
    facts = FACTS | {"adapter": "output", "finish": "length", "cut_characters": 7}

    (post,) = answer.ended("x", "finished", facts | {"dropped_turns": 2}, "en")

    assert footer(post) == (
        "Swallow-7b-instruct-hf · adapter output · 48 tokens · 8.0 s · 6.0 tokens/s · "
        "ended at the length limit · the 2 oldest messages did not fit · "
        "the last 7 characters of the input did not fit"
    )


def test_model_text_cannot_ping_or_link() -> None:
    text = "<!channel> <@U1> <#C1> <https://evil.example|click> @here"

    (post,) = answer.ended(text, "finished", FACTS, "en")

    section: dict[str, Any] = post.blocks[0]["text"]
    assert section["text"] == post.text == escape(text)
    assert "<" not in post.text
    assert section["verbatim"] is True


def test_a_failure_is_one_sentence_in_either_language() -> None:
    data = {"reason": "too_long", "tokens": 9000, "limit": 100}

    (japanese,) = answer.ended("half an answer", "failed", data, "ja")
    (english,) = answer.ended("half an answer", "failed", data, "en")

    assert japanese.text.startswith("指示が長すぎます（9000トークン、上限100）")
    assert english.text.startswith("The instruction is too long (9000 tokens, at most 100 fit).")


def test_an_unknown_reason_is_still_a_sentence() -> None:
    (post,) = answer.ended("", "failed", {"reason": "who knows"}, "en")

    assert post.text.startswith("Something went wrong")


def test_an_empty_answer_says_so() -> None:
    (post,) = answer.ended("", "finished", FACTS, "en")

    assert "empty answer" in post.text


def test_the_stop_button_is_under_the_last_message_of_a_running_answer() -> None:
    posts = answer.running("long " * 1000, "job1", "en")

    assert len(posts) == 2
    assert [block["type"] for block in posts[0].blocks] == ["section"]
    button = posts[1].blocks[-1]["elements"][0]
    assert (button["action_id"], button["value"]) == (answer.STOP_ACTION, "job1")


@given(st.text(alphabet="あa&<>\n", max_size=4000).map(lambda text: text * 3))
def test_parts_fit_slacks_limits_and_together_are_the_text(text: str) -> None:
    parts = answer.split(text)

    assert "".join(parts) == text
    assert all(len(escape(part)) <= 3000 for part in parts)


@given(st.text(alphabet="あa&\n", min_size=50, max_size=100).map(lambda text: text * 90))
def test_a_growing_text_never_changes_the_parts_before_the_last(text: str) -> None:
    whole = answer.split(text)

    for length in range(0, len(text), 997):
        grown = answer.split(text[:length])
        assert grown[:-1] == whole[: len(grown) - 1]


def test_the_footer_counts_the_thought() -> None:
    facts = FACTS | {"thought_tokens": 30}

    (post,) = answer.ended("50 Cent", "finished", facts, "en")

    assert "48 tokens · 30 of them thought · 8.0 s" in footer(post)


def test_the_footer_says_that_a_limit_ended_the_thought() -> None:
    facts = FACTS | {"thought_tokens": 30, "thought_cut": True}

    (english,) = answer.ended("50 Cent", "finished", facts, "en")
    (japanese,) = answer.ended("50 Cent", "finished", facts, "ja")

    assert "48 tokens · 30 of them thought, cut short at the limit · 8.0 s" in footer(english)
    assert "48 トークン · うち思考 30（上限で打ち切り） · 8.0 秒" in footer(japanese)


def test_an_answer_that_is_all_thought_says_which_limit_ended_it() -> None:
    facts = FACTS | {"thought_tokens": 48, "finish": "deadline"}

    (post,) = answer.ended("", "finished", facts, "en")

    assert "while the model was thinking" in post.text
