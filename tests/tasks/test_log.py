"""Log lines as JSON objects: their fields, and what stays out of them."""

import json
import logging
import subprocess
import sys
from typing import Any

from tasks.log_lines.set_up import JsonFormatter
from tests.patience import SECONDS

SECRET = "秘密の質問"


def formatted(name: str, level: int, message: str, *args: Any, error: Any = None) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, level, "file.py", 1, message, args, info)
    line = JsonFormatter("worker").format(record)
    assert "\n" not in line
    fields: dict[str, Any] = json.loads(line)
    return fields


def test_a_line_about_a_job_has_its_id_as_a_field() -> None:
    line = formatted("tasks.queues.answers", logging.INFO, "job %s: %d tokens", "T1-C1-1.0", 12)

    assert line.pop("time").startswith("20")
    assert line == {
        "level": "info",
        "part": "worker",
        "logger": "tasks.queues.answers",
        "message": "job T1-C1-1.0: 12 tokens",
        "job": "T1-C1-1.0",
    }


def test_an_error_says_its_types_and_place_and_not_its_message() -> None:
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as cause:
            raise RuntimeError(f"of {SECRET}") from cause
    except RuntimeError as error:
        line = formatted("bot.relay", logging.ERROR, "job %s: failed", "x", error=error)

    assert line["error"] == ["RuntimeError", "ValueError"]
    assert "test_log.py" in line["traceback"]
    assert SECRET not in json.dumps(line, ensure_ascii=False)


def test_of_a_librarys_message_only_the_first_line_is_kept() -> None:
    line = formatted("asyncio", logging.ERROR, f"Task failed\nexception=ValueError('{SECRET}')")

    assert line["message"] == "Task failed"


def lines_of(code: str) -> list[dict[str, Any]]:
    """Run code in a process that logs JSON; return what it wrote to standard error."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from tasks.log_lines.set_up import *; set_up_logging('bot', 'json')\n{code}",
        ],
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert not done.stdout
    return [json.loads(line) for line in done.stderr.decode().splitlines()]


def test_what_is_written_past_the_log_comes_out_as_objects_too() -> None:
    lines = lines_of(
        "import os; print('one')\n"
        "logging.getLogger('tasks.x').warning('job %s: two', 'j')\n"
        "os.system('echo three; echo three >&2')\n"
        "os.write(2, b'\\xff{half'); sys.exit(1)"
    )

    assert [line["message"] for line in lines if line["message"] != "one"] == [
        "job j: two",
        "three",
        "three",
        "\ufffd{half",
    ]
    assert "one" in [line["message"] for line in lines]
    assert {line["part"] for line in lines} == {"bot"}
    assert [line.get("job") for line in lines].count("j") == 1


def test_what_a_process_that_is_killed_has_written_is_not_lost() -> None:
    lines = lines_of("print('last words', flush=True); os.kill(os.getpid(), 9)")

    assert [line["message"] for line in lines] == ["last words"]


def test_an_error_that_nobody_caught_is_an_object_without_its_message() -> None:
    lines = lines_of(
        "import threading\n"
        f"def fail(): raise ValueError({SECRET!r})\n"
        "one = threading.Thread(target=fail); one.start(); one.join(); fail()"
    )

    assert [line["error"] for line in lines] == [["ValueError"], ["ValueError"]]
    assert SECRET not in json.dumps(lines, ensure_ascii=False)


def test_a_worker_that_cannot_start_says_why_as_an_object(monkeypatch: Any) -> None:
    monkeypatch.setenv("SWALLOW_LOG", "json")
    done = subprocess.run(
        [sys.executable, "-m", "tasks.cli", "worker"],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 1
    (line,) = map(json.loads, done.stderr.splitlines())
    assert "No broker is known" in line["message"]
