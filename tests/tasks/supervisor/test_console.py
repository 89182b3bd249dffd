"""What `swallow up` prints of its processes' lines, with `SWALLOW_LOG=json`."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tasks.settings import settings
from tasks.supervisor.console import say


@pytest.fixture(autouse=True)
def as_json(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SWALLOW_LOG", "json")
    settings.cache_clear()
    yield
    settings.cache_clear()


def said(line: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    say("trainer", line)
    fields: dict[str, Any] = json.loads(capsys.readouterr().out)
    return fields


def test_a_plain_line_becomes_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    line = said("Traceback (most recent call last):", capsys)

    assert line["part"] == "trainer"
    assert line["message"] == "Traceback (most recent call last):"
    assert set(line) == {"time", "level", "part", "message"}


def test_an_object_keeps_its_fields_and_gets_the_name_of_its_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = {"time": "t", "level": "error", "message": "燕\ud800", "job": "j", "part": "worker"}

    assert said(json.dumps(given), capsys) == given | {"part": "trainer"}


@pytest.mark.parametrize("line", ['{"event": "x"}', "{half", "[1]"])
def test_what_only_looks_like_an_object_is_a_message(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(line, capsys)["message"] == line
