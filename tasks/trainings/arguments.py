"""From a request for a training to the command line of `python -m trainer`.

A request holds names and numbers only. The host that trains decides here which file the name of a
dataset stands for. Rows of feedback and of the exam are written into the training's folder.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis import Redis

from tasks.feedback.exam import exam_file
from tasks.settings import Settings
from tasks.trainings.datasets import FEEDBACK, source_of
from tasks.trainings.feedback_rows import rows_file
from trainer.planning.options import OPTIONS


def arguments(
    options: Mapping[str, Any], settings: Settings, *, redis: Redis, folder: Path
) -> list[str]:
    """Return the arguments that say what to train; `folder` is the training's, or a temporary one.

    Raises:
        DatasetUnknown: this host has no dataset of that name.
        NoFeedback: it is to learn feedback, and no row is approved.
        DataUnusable: the team's exam cannot be read.
        NotWritable: the rows of feedback or of the exam cannot be written.
    """
    source = source_of(str(options.get("data", "")), settings)
    if source == FEEDBACK:
        source = str(rows_file(redis, settings.home, folder))
    values = {
        "--data-path": source,
        "--exam-path": exam_file(redis, settings.home, folder),
        "--output-dir": str(options.get("output", "output")),
        "--base-model": settings.model,
        "--style": settings.style,
        "--threads": settings.threads,
        "--checkpoint-minutes": settings.checkpoint_minutes,
    } | {spec.flag: options.get(spec.name) for spec in OPTIONS if spec.chat_name}
    # `--flag=value`, so that a value that begins with a dash is not read as a flag.
    given = [f"{flag}={value}" for flag, value in values.items() if value is not None]
    return [*given, f"--home={settings.home}"]
