"""Whatever stands in a file of training data, it is read or refused with a sentence."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from trainer.data import dataset
from trainer.errors import DataUnusable

KEYS = ("instruction", "input", "output", "context", "response", "messages", "role", "content")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
TURNS = st.fixed_dictionaries(
    {"role": st.sampled_from(("system", "user", "assistant", "tool")) | VALUES, "content": VALUES}
)
RECORDS = st.one_of(
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5),
    st.fixed_dictionaries({"messages": st.lists(TURNS, max_size=5) | VALUES}),
    st.fixed_dictionaries({"instruction": VALUES, "output": VALUES}),
    VALUES,
)


def _lines(rows: list[Any]) -> str:
    return "\n".join(json.dumps(row) for row in rows)


SEPARATED = st.lists(
    st.sampled_from(["instruction", "output", ",", '"', "\n", "\r\n", "\0", "山", "\ufeff", ";"]),
    max_size=30,
)
CONTENTS = st.one_of(
    st.lists(RECORDS, max_size=4).map(_lines),
    st.lists(RECORDS, max_size=4).map(json.dumps),
    SEPARATED.map("".join).map(lambda text: f"instruction,output\n{text}"),
    SEPARATED.map("".join),
    st.text(max_size=60),
).map(lambda text: text.encode("utf-8", "surrogatepass"))
"""Mostly almost right: random bytes rarely come behind the first check."""


@given(
    st.sampled_from(("rows.jsonl", "rows.json", "rows.csv", "ROWS.CSV")),
    CONTENTS | st.binary(max_size=60),
)
@example("rows.jsonl", b'{"instruction": 1' + b"0" * 5000 + b', "output": "a"}')
@example("rows.jsonl", b'{"instruction": "\\ud83d", "output": "a"}')
def test_any_file_is_read_or_refused_with_a_sentence(name: str, content: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        try:
            read = dataset.read(str(file))
        except DataUnusable as error:
            _check_said(str(error))
            return
        assert read.rows
        assert len(read.rows) + read.dropped.total() == read.read
        for row in read.rows:
            for text in (row.instruction, row.input, row.output, *(t.text for t in row.thread)):
                text.encode()


def _check_said(said: str) -> None:
    assert said.encode()
    assert said.endswith(".") or "`" in said
