"""One child process of `swallow up`: started, its lines logged, started again when it dies."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tasks.errors import EXIT_SETTING_INVALID, SettingInvalid
from trainer.process.parent_death import kill_with_parent

BACK_OFF_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""The delays before a process that died is started again; the last one repeats."""
STEADY_SECONDS = 60.0
"""A process that ran this long before it died is started again after the shortest delay."""
LONGEST_LINE = 1 << 16
"""Bytes; a longer line is logged in pieces."""

Log = Callable[[str, str], None]
"""Logs one line: called with the name of the process and the line."""


@dataclass
class ManagedProcess:
    """A name and a command, and the process that runs it now."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    stopping: bool = False
    last_end: str = ""
    """How its last run ended; empty while there was only one."""

    @property
    def pid(self) -> int | None:
        """The running process, None between two runs."""
        if self.process is None or self.process.returncode is not None:
            return None
        return self.process.pid

    async def keep_running(self, log: Log, on_change: Callable[[], None]) -> None:
        """Run the command, and run it again whenever it ends, until `stop` or `kill`.

        Raises:
            SettingInvalid: its first run has ended because of a setting, as every other would.
        """
        failures = 0
        while not self._is_stopping():
            started = time.monotonic()
            try:
                self.process = await self._start()
            except (OSError, subprocess.SubprocessError) as error:
                # The system may have no memory or no descriptor left for it now.
                self.last_end = f"cannot be started ({error})"
            else:
                await self._until_end(self.process, log, on_change)
            if self._is_stopping():
                return
            if not failures and self._cannot_use_a_setting():
                raise SettingInvalid(
                    f"The {self.name} cannot use the setting that its last line names; correct it."
                )
            if time.monotonic() - started > STEADY_SECONDS:
                failures = 0
            delay = BACK_OFF_SECONDS[min(failures, len(BACK_OFF_SECONDS) - 1)]
            failures += 1
            log(self.name, f"{self.last_end}; starting it again in {delay:g} s")
            await asyncio.sleep(delay)

    def _is_stopping(self) -> bool:
        return self.stopping

    def _cannot_use_a_setting(self) -> bool:
        return self.process is not None and self.process.returncode == EXIT_SETTING_INVALID

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.command,
            env={**os.environ, **self.env},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C reaches the supervisor alone, which stops its children in order.
            start_new_session=True,
            preexec_fn=kill_with_parent if sys.platform == "linux" else None,
        )

    async def _until_end(
        self, process: asyncio.subprocess.Process, log: Log, on_change: Callable[[], None]
    ) -> None:
        on_change()
        assert process.stdout is not None
        await self._log_lines(process.stdout, log)
        await process.wait()
        self.last_end = self._how_it_ended()
        on_change()

    async def _log_lines(self, stream: asyncio.StreamReader, log: Log) -> None:
        """Log each line until the stream ends; a line without an end is logged in pieces."""
        rest = b""
        while piece := await stream.read(1 << 16):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                log(self.name, line.decode(errors="replace").rstrip())
        if rest:
            log(self.name, rest.decode(errors="replace").rstrip())

    def _how_it_ended(self) -> str:
        code = self.process.returncode if self.process else None
        if code == -signal.SIGKILL:
            return "was killed by SIGKILL (by the kernel, if memory is short)"
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with code {code}"

    async def stop(self, seconds: float) -> None:
        """Send SIGTERM and wait for the end; kill the process after `seconds`."""
        self.stopping = True
        if self.process is None or self.process.returncode is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), seconds)
        except TimeoutError:
            self.kill()
            await self.process.wait()

    def kill(self) -> None:
        """Kill the process and its whole process group."""
        self.stopping = True
        if self.pid is not None:
            os.killpg(self.pid, signal.SIGKILL)
