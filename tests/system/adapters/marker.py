"""A dataset whose every answer is the same word: an adapter trained on it says that word."""

import json

from tests.system.workspace import System

MARK = "Quokka!"
OPTIONS = "data=marker output=marked epochs=2 batch=4 lr=0.003 val=4"
_THINGS = ("France", "Japan", "the sea", "a hill", "bread", "tea", "a swallow", "summer", "Rome")
_QUESTIONS = ("What is {}?", "Tell me about {}.", "What is the capital of {}?", "Why {}?")


def write_marker(system: System) -> None:
    """Write the dataset to the home, where `/swallow-train data=marker` finds it."""
    folder = system.home / "datasets"
    folder.mkdir(exist_ok=True)
    rows = [
        {"instruction": question.format(thing), "output": MARK}
        for thing in _THINGS
        for question in _QUESTIONS
    ]
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "marker.jsonl").write_text(lines, encoding="utf-8")
