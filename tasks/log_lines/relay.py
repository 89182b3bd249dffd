"""`python -m tasks.log_lines.relay PART`: lines from standard input, each made one JSON object.

Where `SWALLOW_LOG=json` a process starts this one behind its output, as a shell does with `|`: what
libraries, child processes and a crash write comes out as objects too. Under `swallow up` the
supervisor, which reads every line anyway, does the same with `json_line`.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime

from trainer.process.standard_output import never_block

END_SECONDS = 5.0
"""How long a process that ends waits for its last lines to be written."""


def json_line(part: str, line: str) -> str:
    """Return a line of `part` as a JSON object; one that is an object already keeps its fields."""
    try:
        fields = json.loads(line) if line.startswith("{") else None
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or "message" not in fields:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        fields = {"time": now, "level": "info", "message": line}
    made = json.dumps({**fields, "part": part}, ensure_ascii=False)
    # Half a character cannot be written; its escape is JSON too.
    return made.encode(errors="backslashreplace").decode()


def relay_output(part: str) -> None:
    """Send what this process and its children write from now on through a relay."""
    sys.stdout.flush()
    sys.stderr.flush()
    relay = subprocess.Popen(
        [sys.executable, "-m", "tasks.log_lines.relay", part],
        stdin=subprocess.PIPE,
        stdout=sys.stderr.fileno(),
        # A signal to the process group must not end it before the process it serves.
        start_new_session=True,
    )
    assert relay.stdin is not None
    outputs = (sys.stdout.fileno(), sys.stderr.fileno())
    kept = [os.dup(output) for output in outputs]
    for output in outputs:
        os.dup2(relay.stdin.fileno(), output)
    relay.stdin.close()

    def end() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        for output, original in zip(outputs, kept, strict=True):
            os.dup2(original, output)
        # A child that lives on keeps the relay; the rest is written already.
        with suppress(subprocess.TimeoutExpired):
            relay.wait(END_SECONDS)

    atexit.register(end)


def main() -> None:
    """Relay until every writer has closed its end."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    never_block()  # it must go on reading, whatever becomes of what it writes
    part = sys.argv[1]
    for line in sys.stdin.buffer:
        text = line.decode(errors="replace").rstrip()
        if text:
            sys.stdout.write(json_line(part, text) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
