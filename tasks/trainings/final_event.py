"""What the final event of a training's or a plan's job says."""

import base64
import time
from pathlib import Path
from typing import Any

from tasks.adapters.reference import reference
from tasks.broker.job import Job
from tasks.errors import DatasetUnknown, NoFeedback
from trainer.adapters.adapter import read
from trainer.adapters.adapter_files import CURVE
from trainer.exam.result import overall_verdict
from trainer.training_folder import RemovedRows, Training

MAX_CURVE_BYTES = 500_000
"""A larger picture of the loss is left out of the event."""


def finished(training: Training, job: Job) -> dict[str, Any] | None:
    """Return the data of a training whose adapter is written, None where it is not.

    `seconds` are counted from the job's first attempt: the trainer knows only how long its last
    process ran.
    """
    folder = training.adapter()
    if folder is None:
        return None
    adapter = read(folder)
    about = adapter.about
    evaluation = about.get("evaluation") or {}
    return {
        "training": training.id,
        "output": folder.name,
        "adapter": reference(adapter),
        "verdict": overall_verdict(about) or "unknown",
        "summary": evaluation.get("summary", ""),
        "evaluation": evaluation,
        "exam": about.get("exam") or {},
        "answers": about.get("answers", []),
        "seconds": round(max(0.0, time.time() - job.begun / 1000), 1),
        "curve": _curve(folder / CURVE),
    }


def without_data(error: DatasetUnknown | NoFeedback) -> dict[str, Any]:
    """Return the data of a job that failed because there is nothing to learn from."""
    if isinstance(error, NoFeedback):
        return {"reason": "no_feedback", "proposed": error.proposed}
    return {"reason": "dataset", "name": error.name, "known": error.known}


def without_rows(removed: RemovedRows) -> dict[str, Any]:
    """Return the data of a job that failed because rows that it learns from were removed."""
    return {"reason": "rows_removed", "rows": removed.rows, "by": removed.by}


def _curve(file: Path) -> str:
    """Return the picture of the loss in base64, or an empty string where there is none."""
    try:
        content = file.read_bytes()
    except OSError:
        return ""
    return base64.b64encode(content).decode() if len(content) <= MAX_CURVE_BYTES else ""
