"""Logging of every process: one readable line with time, part and message; never a user's text."""

import logging
import os
import sys


def set_up_logging(part: str) -> None:
    """Log to standard error; without time and part under `swallow up`, which adds both."""
    supervised = os.environ.get("SWALLOW_SUPERVISED") == "1"
    form = "%(message)s" if supervised else f"%(asctime)s {part:<8} %(message)s"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Levelled(form, datefmt="%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for noisy in ("slack_bolt", "slack_sdk", "kombu", "celery", "httpx", "transformers"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _Levelled(logging.Formatter):
    """Puts the level before the message, from warnings on."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if record.levelno >= logging.WARNING:
            return f"{record.levelname.lower()}: {text}"
        return text
