"""What `SWALLOW_CALIBRATION` may name, and what is said of what it may not."""

from pathlib import Path

import pytest

from tasks.engines.openvino.convert.calibration.texts import PART, PIECE, read_texts
from tasks.errors import SettingInvalid
from tests.tasks.models.tiny_models import write_tiny

ROW = '{"instruction": "木", "output": "樹木です。"}\n'


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    """A folder with rows and plain texts, also further down."""
    folder = tmp_path / "texts"
    (folder / "deep").mkdir(parents=True)
    (folder / "rows.jsonl").write_text(ROW, "utf-8")
    (folder / "deep" / "long.TXT").write_text("あ" * (PART + 1), "utf-8")
    (folder / "picture.png").write_bytes(b"\xff")
    return folder


def test_a_folder_may_hold_rows_and_plain_texts(texts: Path) -> None:
    read = read_texts(str(texts))

    assert [row.output for row in read.rows] == ["樹木です。"]
    assert read.plain == ["あ" * PART, "あ"]


def test_few_texts_are_repeated_until_there_are_enough_tokens(texts: Path, tmp_path: Path) -> None:
    ids = read_texts(str(texts)).ids(write_tiny(tmp_path / "tiny", "llama2"), 8 * PIECE)

    assert ids.shape == (8, PIECE)


def test_the_digest_changes_with_any_text(texts: Path) -> None:
    digests = {read_texts(str(texts)).digest}
    (texts / "picture.png").write_bytes(b"")
    digests.add(read_texts(str(texts)).digest)
    assert len(digests) == 1

    (texts / "deep" / "long.TXT").write_text("い", "utf-8")
    digests.add(read_texts(str(texts)).digest)
    (texts / "rows.jsonl").write_text(ROW.replace("木", "山"), "utf-8")
    digests.add(read_texts(str(texts)).digest)

    assert len(digests) == 3
    assert read_texts("sample").digest is None


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("rows.jsonl", b"{", "rows.jsonl, line 1 is not valid JSON"),
        ("rows.jsonl", b'{"question": 1}', "has the keys question"),
        ("a.txt", b"\xff", "not UTF-8"),
        ("a.txt", b" \n", "holds no text"),
        ("a.png", b"text", "holds no text"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SettingInvalid, match=reason) as caught:
        read_texts(str(tmp_path))

    assert str(caught.value).startswith(f"SWALLOW_CALIBRATION={tmp_path} cannot be used: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "source", ["/no/such", "~nobody-of-that-name/x", "some/dataset", "a" * 999]
)
def test_what_is_not_there_is_not_fetched(source: str) -> None:
    with pytest.raises(SettingInvalid, match="name `sample`, or a folder of texts"):
        read_texts(source)
