"""What people, files and models wrote does not command the terminal that it is printed to."""

import json

import pytest

from tasks.commands.terminal.output import print_json, print_table, printable

OBEYED = "\x1b]52;c;cm0=\x07\x9b2J"


def test_a_table_and_json_hold_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["question"], [[OBEYED + "?"]], "")
    print_json(OBEYED)

    printed = capsys.readouterr().out
    assert not set("\x1b\x07\x9b") & set(printed)
    assert json.loads(printed.splitlines()[-1]) == OBEYED


def test_lines_and_tabs_stay() -> None:
    assert printable("あ\n\tb\r\x00") == "あ\n\tb\ufffd\ufffd"
