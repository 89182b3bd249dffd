"""What can be learned from is read; what cannot is named with its place."""

import json
from pathlib import Path

import pytest

from trainer.data import dataset
from trainer.data.rows import Row
from trainer.data.sources import SAMPLE
from trainer.errors import DataUnusable
from trainer.prompts.templates import Turn


def written(tmp_path: Path, name: str, content: str | bytes) -> str:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(file)


ALPACA = {"instruction": "Add.", "input": "1 and 2", "output": "3"}


def test_an_array_of_instruction_input_output(tmp_path: Path) -> None:
    read = dataset.read(written(tmp_path, "rows.json", json.dumps([ALPACA])))

    assert read.rows == [Row("Add.", "1 and 2", "3")]


def test_lines_of_instruction_context_response(tmp_path: Path) -> None:
    line = json.dumps({"instruction": "Add.", "context": "1 and 2", "response": "3"})

    assert dataset.read(written(tmp_path, "rows.jsonl", line)).rows[0].input == "1 and 2"


def test_a_csv_file_with_line_breaks_inside_a_field(tmp_path: Path) -> None:
    read = dataset.read(written(tmp_path, "rows.csv", 'instruction,output\r\nAdd.,"1\n2"\r\n'))

    assert read.rows == [Row("Add.", "", "1\n2")]


def test_a_conversation_teaches_its_last_answer(tmp_path: Path) -> None:
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2"},
    ]

    (row,) = dataset.read(written(tmp_path, "rows.jsonl", json.dumps({"messages": messages}))).rows

    assert row.thread == (Turn("user", "Be kind.\n\nHi"), Turn("assistant", "Hello"))
    assert (row.instruction, row.output) == ("1+1?", "2")


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    written(tmp_path, "b.jsonl", json.dumps({**ALPACA, "output": "b"}))
    written(tmp_path, "a.json", json.dumps([{**ALPACA, "output": "a"}]))

    assert [row.output for row in dataset.read(str(tmp_path)).rows] == ["a", "b"]


def test_a_line_separator_inside_a_string_does_not_end_a_line(tmp_path: Path) -> None:
    line = json.dumps({**ALPACA, "output": "a\u2028b"}, ensure_ascii=False)

    assert dataset.read(written(tmp_path, "rows.jsonl", line)).rows[0].output == "a\u2028b"


def test_useless_rows_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [ALPACA, ALPACA, {**ALPACA, "output": " "}, {"instruction": None, "output": "x"}]

    read = dataset.read(written(tmp_path, "rows.json", json.dumps(rows)))

    assert len(read.rows) == 1
    assert read.dropped == {"repeated": 1, "without an answer": 1, "without an instruction": 1}


def test_the_digest_changes_with_the_rows(tmp_path: Path) -> None:
    first = dataset.read(written(tmp_path, "a.json", json.dumps([ALPACA])))
    second = dataset.read(written(tmp_path, "b.json", json.dumps([{**ALPACA, "output": "4"}])))

    assert first.digest != second.digest


BROKEN: dict[str, tuple[str, str | bytes, str]] = {
    "an empty file": ("rows.json", "", "is empty"),
    "an empty array": ("rows.json", "[]", "holds no rows"),
    "a broken line": ("rows.jsonl", '{"instruction": "a", "output": "b"}\n{oops\n', "line 2"),
    "a broken array": ("rows.json", '[\n{"instruction": 1,\n]', "line 3"),
    "another encoding": ("rows.json", '[{"指示": 1}]'.encode("cp932"), "not UTF-8 (line 1)"),
    "unknown keys": ("rows.json", '[{"question": "a", "answer": "b"}]', "question, answer"),
    "no objects": ("rows.json", "[1]", "row 1 is not an object"),
    "a nested answer": ("rows.json", '[{"instruction": "a", "output": ["b"]}]', "must be text"),
    "a short CSV row": ("rows.csv", "instruction,input,output\na,b\n", "line 2"),
    "an unclosed CSV quote": ("rows.csv", 'instruction,output\na,"b\n', "line"),
    "only useless rows": ("rows.json", '[{"instruction": "a", "output": ""}]', "None of the 1"),
    "a message without a role": ("rows.json", '[{"messages": [{"content": "a"}]}]', "role"),
    "deep nesting": ("rows.jsonl", "[" * 100_000, "not valid JSON"),
    "mixed shapes": (
        "rows.jsonl",
        '{"instruction": "a", "output": "b"}\n{"instruction": "a", "response": "b"}',
        "line 2 has the shape instruction/response",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_unusable_data_is_refused_in_one_sentence_that_says_where(
    tmp_path: Path, kind: str
) -> None:
    name, content, expected = BROKEN[kind]

    with pytest.raises(DataUnusable) as refused:
        dataset.read(written(tmp_path, name, content))

    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused_without_asking_the_network(tmp_path: Path) -> None:
    with pytest.raises(DataUnusable, match="There is no data at"):
        dataset.read(str(tmp_path / "nothing.json"))


def test_the_sample_teaches_in_two_languages() -> None:
    rows = dataset.read(SAMPLE).rows

    japanese = [row for row in rows if any("ぁ" <= letter <= "ヿ" for letter in row.output)]
    assert len(rows) >= 200
    assert 0.4 <= len(japanese) / len(rows) <= 0.6
