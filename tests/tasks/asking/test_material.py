"""Messages that a question is about, within a limit; here a prompt is so many characters."""

from tasks.asking.material import Fits, as_text, in_parts, input_of, newest


def said(*texts: str) -> list[dict[str, str]]:
    """Messages of one person."""
    return [{"user": "U1", "speaker": "A", "text": text} for text in texts]


def within(characters: int) -> Fits:
    return lambda material: len(as_text(material)) <= characters


def test_several_messages_have_their_speakers_and_one_is_as_it_is() -> None:
    request = {"material": said("one", "two"), "input": "and this"}

    assert input_of(request) == "A: one\nA: two\n\nand this"
    assert input_of(request, said("one")) == "one\n\nand this"
    assert input_of({"input": "x"}) == "x"


def test_the_oldest_messages_are_left_out() -> None:
    material = said("one", "two", "three")

    assert newest(material, within(100)) == material
    assert newest(material, within(16)) == material[1:]
    assert newest(material, within(1)) == material[2:]


def test_parts_have_every_word_once_in_order() -> None:
    parts = in_parts(said("one", "two", "three", "four"), within(15))

    assert [[one["text"] for one in part] for part in parts] == [
        ["one", "two"],
        ["three"],
        ["four"],
    ]


def test_a_message_that_does_not_fit_is_divided_between_its_lines() -> None:
    parts = in_parts(said("first line\nsecond\nthird, which is long", "end"), within(18))

    texts = [one["text"] for part in parts for one in part]
    assert "".join(texts) == "first line\nsecond\nthird, which is longend"
    assert texts[0] == "first line\nsecond\n"
    assert all(within(18)(part) for part in parts)


def test_nothing_is_lost_where_nothing_fits() -> None:
    parts = in_parts(said("abc"), within(0))

    assert [one["text"] for part in parts for one in part] == ["a", "b", "c"]
