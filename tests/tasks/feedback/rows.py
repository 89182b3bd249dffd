"""Rows that people propose."""

from typing import Any

from tasks.feedback.row import FeedbackRow


def proposed(id: str = "a", **values: Any) -> FeedbackRow:
    """A correction of Alice's, but for what `values` say."""
    made: dict[str, Any] = {
        "id": id,
        "kind": "correction",
        "instruction": f"What is {id}?",
        "input": "",
        "output": "This.",
        "author": "UALICE",
    }
    return FeedbackRow(**made | values)
