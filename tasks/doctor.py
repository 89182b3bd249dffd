"""The checks of `swallow doctor`: each returns a row of {check, ok, detail, advice}."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from tasks.broker.connection import NO_WRITES, jobs_of, reachable, why_no_writes
from tasks.broker.disk.flush import ADVICE, weakness
from tasks.broker.workers import Workers, answering
from tasks.errors import TaskError
from tasks.model_checks import Row, model_rows, row
from tasks.privacy.expired_texts import last_rewrite
from tasks.settings import Settings
from trainer.cpu import cpu_has_bf16
from trainer.progress.duration import duration

SLACK_TERMS = (
    "Slack's API terms (May 2025, October 2025) restrict storing data of Slack and training "
    "language models with it. SWALLOW_FEEDBACK=on collects it: whether your team may is yours to "
    "decide."
)


def examine(settings: Settings) -> list[Row]:
    """Run every check; those of the broker and of Slack, which may take seconds, come last."""
    rows = [cpu_row(), *model_rows(settings), home_row(settings), *feedback_rows(settings)]
    rows += broker_rows(settings)
    return [*rows, *_slack()]


def cpu_row() -> Row:
    """Return the row that says what computes."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    precision = "bf16 in hardware" if cpu_has_bf16() else "no bf16, models run in fp32"
    return row("CPU", True, f"{cores} cores, {precision}")


def home_row(settings: Settings) -> Row:
    """Return the row that says who may read what people ask, answer and teach.

    A home that was made by hand is not changed: whoever made it may have meant it so.
    """
    folder = settings.home
    if not folder.exists():
        return row("home", True, f"{folder} is made at the first use, for its owner alone")
    mode = stat.S_IMODE(folder.stat().st_mode)
    is_private = mode & 0o077 == 0
    return row(
        "home",
        is_private,
        f"{folder} is its owner's alone" if is_private else f"{folder} has mode {mode:04o}",
        f"Other accounts may look into it: run `chmod 700 {folder}`.",
    )


def feedback_rows(settings: Settings) -> list[Row]:
    """Return the row about Slack's terms where feedback is collected from Slack."""
    return [row("feedback", True, SLACK_TERMS)] if settings.feedback == "on" else []


def broker_rows(settings: Settings) -> list[Row]:
    """Check the broker, and the workers that it knows."""
    try:
        with reachable(settings):
            redis = jobs_of(settings, patience=1).redis
            refuses = why_no_writes(redis)
            workers = Workers(redis).all()
            info = _info(redis)
            disk = _broker_disk(redis, not refuses)
            files = _broker_files(redis, info)
    except TaskError as error:
        advice = (
            "Correct that, or start that server." if settings.redis_url else "Start `swallow up`."
        )
        return [row("broker", False, str(error), advice)]
    version, policy = info.get("redis_version"), info.get("maxmemory_policy")
    able = answering(workers)
    why = [worker.detail for worker in workers if worker.state == "failed"]
    return [
        row(
            "broker",
            not refuses,
            f"takes no writes: {NO_WRITES[refuses][0]}"
            if refuses
            else f"answers, speaks as Redis {version or 'of an unknown version'}",
            f"{NO_WRITES[refuses][1]}; questions wait until then." if refuses else "",
        ),
        row(
            "broker memory",
            policy in ("noeviction", None),
            f"maxmemory-policy {policy or 'cannot be read; it must be noeviction'}",
            "Set maxmemory-policy noeviction: an evicted job record is a lost question.",
        ),
        disk,
        files,
        row(
            "workers",
            bool(able) and not why,
            "; ".join(why) or f"{len(able)} answering questions",
            "Correct that, or start `swallow worker`; look at the log of the worker.",
        ),
    ]


def _info(redis: Redis) -> Mapping[str, Any]:
    """Return what the broker tells of itself; nothing where this user may not ask.

    Not CONFIG, which brokers run by others forbid.
    """
    try:
        return redis.info()
    except ResponseError:
        return {}


def _broker_disk(redis: Redis, writable: bool) -> Row:
    """Tell whether a power failure takes what was acknowledged."""
    found = weakness(redis) if writable else ""
    detail, advice = ADVICE.get(found, ("it has each question before that is acknowledged", ""))
    return row("broker disk", not found, detail, advice)


def _broker_files(redis: Redis, info: Mapping[str, Any]) -> Row:
    """Tell whether expired texts leave the broker's disk."""
    last = last_rewrite(redis)
    if last is None:
        return row("broker files", True, "the first worker has them rewritten")
    minutes = f"{duration(time.time() - last.at, most=1)} ago"
    if last.refused:
        return row(
            "broker files",
            False,
            f"the broker refused {minutes} to rewrite them: {last.refused}",
            "Expired questions stay on its disk: allow SCAN, BGREWRITEAOF and BGSAVE, "
            "or have whoever runs it rewrite its append-only file every hour.",
        )
    failed = [
        name
        for name in ("aof_last_bgrewrite_status", "rdb_last_bgsave_status")
        if info.get(name, "ok") != "ok"
    ]
    return row(
        "broker files",
        not failed,
        f"the last rewrite failed ({failed[0]})" if failed else f"asked to be rewritten {minutes}",
        "Expired questions stay on its disk: look at the broker's log and the space on its disk.",
    )


def _slack() -> list[Row]:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "bot", "--check", "--json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=Path.cwd(),
        )
        rows: list[Row] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        return [row("Slack", False, "the bot could not be asked", "Run `python -m bot --check`.")]
    return rows
