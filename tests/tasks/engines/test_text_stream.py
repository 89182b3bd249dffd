"""Text streams: pieces of an answer that are final and whole."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.engines.text_stream import UNFINISHED, TextStream


class Bytes:
    """A tokenizer whose tokens are single bytes, so that every character can be split."""

    def decode(self, ids: list[int], **_: Any) -> str:
        return bytes(ids).decode("utf-8", errors="replace")


def streamed(text: str | bytes, stop_texts: tuple[str, ...] = ()) -> tuple[list[str], TextStream]:
    """Push the bytes of `text` one by one, and return the pieces and the stream."""
    pieces: list[str] = []
    stream = TextStream(Bytes(), stop_texts, pieces.append)
    for id in text.encode() if isinstance(text, str) else text:
        if not stream.stopped:
            stream.push(id)
    stream.close()
    return pieces, stream


@given(st.text(max_size=60))
def test_the_pieces_are_the_text_without_the_white_space_around_it(text: str) -> None:
    pieces, _ = streamed(text)

    assert "".join(pieces) == text.rstrip(UNFINISHED).strip() or UNFINISHED in text


@given(st.text(alphabet="あ漢😀é a\n", max_size=40))
def test_no_piece_splits_a_character(text: str) -> None:
    pieces, _ = streamed(text)

    assert not any(UNFINISHED in piece for piece in pieces)
    assert "".join(pieces) == text.strip()


def test_pieces_come_as_soon_as_a_character_is_whole() -> None:
    pieces: list[str] = []
    stream = TextStream(Bytes(), (), pieces.append)

    for id in "セ".encode()[:2]:
        stream.push(id)
    assert pieces == []
    stream.push("セ".encode()[2])

    assert pieces == ["セ"]


def test_half_a_character_at_the_end_is_left_out() -> None:
    pieces, _ = streamed("50セ".encode()[:-1])

    assert "".join(pieces) == "50"


@pytest.mark.parametrize(
    ("text", "shown", "stopped"),
    [
        ("50セント\n### 指示:\n次は", "50セント", True),
        ("50セント\n### 指", "50セント\n### 指", False),
        ("a\n\n### 応答: b", "a", True),
        ("### 指示 is no stop", "### 指示 is no stop", False),
        ("\n### 指示:", "", True),
    ],
)
def test_a_stop_text_ends_the_answer_and_its_beginning_alone_does_not(
    text: str, shown: str, stopped: bool
) -> None:
    pieces, stream = streamed(text, ("\n### 指示:", "\n### 応答:"))

    assert "".join(pieces) == shown
    assert stream.stopped is stopped


@given(st.text(alphabet="\n# 指示:a", max_size=30))
def test_with_stop_texts_nothing_is_shown_that_would_have_to_be_taken_back(text: str) -> None:
    stop = "\n### 指示:"

    pieces, _ = streamed(text, (stop,))

    assert "".join(pieces) == text.partition(stop)[0].strip()
