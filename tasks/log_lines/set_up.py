"""Logging of every process: one readable line with time, part and message; never a user's text.

With `SWALLOW_LOG=json` each line is a JSON object; `tasks.log_lines.relay` makes objects of what
libraries and child processes write past this module.
"""

import json
import logging
import os
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from tasks.log_lines.relay import relay_output
from trainer.process.standard_output import never_block

LogForm = Literal["text", "json"]

_OURS = ("bot", "tasks", "trainer")


def is_supervised() -> bool:
    """Whether this process runs under `swallow up`."""
    return os.environ.get("SWALLOW_SUPERVISED") == "1"


def set_up_logging(part: str, form: LogForm = "text") -> None:
    """Log to standard error; without time and part under `swallow up`, which adds both."""
    supervised = is_supervised()
    if form == "json":
        sys.excepthook = _log_uncaught
        threading.excepthook = lambda about: _log_uncaught(*about[:3])
    if not supervised:  # `swallow up` reads what its parts write, whatever becomes of it
        if form == "json":
            relay_output(part)
        else:
            never_block()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(part) if form == "json" else _text(part, supervised))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("slack_bolt", "slack_sdk", "kombu", "celery", "httpx", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # Celery would write a failed task's exception, whatever text that holds, beside our own line.
    logging.getLogger("celery.app.trace").setLevel(logging.CRITICAL)


def _log_uncaught(
    _kind: type[BaseException], error: BaseException | None, _traceback: TracebackType | None
) -> None:
    """Log what nobody caught, which would be printed with its message."""
    logging.getLogger(__name__).critical("an error was not caught", exc_info=error)


def _text(part: str, supervised: bool) -> logging.Formatter:
    form = "%(message)s" if supervised else f"%(asctime)s {part:<8} %(message)s"
    return _Levelled(form, datefmt="%H:%M:%S")


class _Levelled(logging.Formatter):
    """Puts the level before the message, from warnings on."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if record.levelno >= logging.WARNING:
            return f"{record.levelname.lower()}: {text}"
        return text


class JsonFormatter(logging.Formatter):
    """One JSON object for each record; the message of an exception, which may quote a text, is not
    part of it: only the types and where it was raised.

    A message that begins with `job %s` is about that job: its id becomes the field `job`.
    """

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as one line."""
        message = record.getMessage()
        if record.name.partition(".")[0] not in _OURS:
            # Libraries add the objects they worked on in further lines.
            message = message.partition("\n")[0]
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": self._part,
            "logger": record.name,
            "message": message,
        }
        if str(record.msg).startswith("job %s") and isinstance(record.args, tuple) and record.args:
            line["job"] = str(record.args[0])
        if record.exc_info and (error := record.exc_info[1]):
            line["error"] = [type(cause).__name__ for cause in _causes(error)]
            line["traceback"] = "".join(traceback.format_tb(error.__traceback__))
        return json.dumps(line, ensure_ascii=False)


def _causes(error: BaseException | None) -> list[BaseException]:
    """Return the exception and what led to it, the newest first."""
    causes: list[BaseException] = []
    while error is not None and error not in causes:
        causes.append(error)
        error = error.__cause__ or error.__context__
    return causes
