"""Fifty people ask at once, and Slack's rates are enforced: how late is text, is any lost?

    python -m tests.drills.fifty --running 8 --seconds 3
    python -m tests.drills.fifty --direct [--edits]

A real bot on a real broker and a local workspace that refuses calls above the published rates. The
answers come from here, at the speed and as many at a time as asked for. The delay of a piece of
text is from its entry in the job's stream to the message that shows it.
"""

import argparse
import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp

from bot.app import serving
from bot.delivery.posted import payload_of
from bot.settings import BotSettings
from bot.slack.outgoing_text import JOINER
from bot.workspace.delivery.page_events import PageEvent
from bot.workspace.server import running
from bot.workspace.workspace import Workspace
from tasks.broker.celery_app import app
from tasks.broker.jobs import Jobs
from tasks.settings import Settings, checked
from tests.drills.broker import Broker
from tests.drills.command import run_as_command
from tests.patience import SECONDS
from tests.system.workspace import free_port

CHANNELS = {
    "CGENERAL": "UALICE",
    "CRANDOM": "UBOB",
    "DALICE": "UALICE",
    "DBOB": "UBOB",
    "DADMIN": "UADMIN",
}
DIRECT = ("DALICE", "DBOB", "DADMIN")
PIECES_A_SECOND = 5
PIECE = "twenty characters.. "
ANSWERED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}

Json = dict[str, Any]


class Seen:
    """How much of each job's text its messages have shown, and since when."""

    def __init__(self, workspace: Workspace) -> None:
        self._jobs: dict[str, str] = {}
        self._texts: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.lengths: defaultdict[str, list[tuple[float, int]]] = defaultdict(list)
        workspace.page_events.watch(self._note)

    def text(self, job: str) -> str:
        """Return what a job's messages show now."""
        return "".join(text for _, text in sorted(self._texts[job].items()))

    def since(self, job: str, length: int) -> float | None:
        """Return when so many characters were shown first."""
        shown = (at for at, characters in self.lengths[job] if characters >= length)
        return next(shown, None)

    def _note(self, event: PageEvent) -> None:
        if event.kind == "append":
            self._show(event.data["ts"], event.data["text"], more=True)
        if event.kind not in ("message", "changed"):
            return
        message = event.data["message"]
        job = payload_of(message).get("job")
        if job:
            self._jobs[message["ts"]] = job
            self._show(message["ts"], message["text"])

    def _show(self, ts: str, text: str, *, more: bool = False) -> None:
        job = self._jobs[ts]
        before = self._texts[job].get(ts, "") if more else ""
        self._texts[job][ts] = before + text.replace(JOINER, "")
        self.lengths[job].append((time.time(), len(self.text(job))))


class Answers:
    """Stands for a worker that answers `at_once` questions, each for `seconds`."""

    def __init__(self, jobs: Jobs, at_once: int, seconds: float) -> None:
        self._jobs = jobs
        self._free = asyncio.Semaphore(at_once)
        self._pieces = max(1, round(seconds * PIECES_A_SECOND))
        self.written: dict[str, list[tuple[float, int]]] = {}

    async def give(self, count: int) -> None:
        """Answer so many questions, in the order in which they were asked."""
        async with asyncio.TaskGroup() as group:
            while len(self.written) < count:
                queued = await asyncio.to_thread(self._jobs.open_states, "answer")
                for job in queued:
                    if job.state == "queued" and job.id not in self.written:
                        self.written[job.id] = []
                        group.create_task(self._answer(job.id))
                await asyncio.sleep(0.02)

    async def _answer(self, job: str) -> None:
        async with self._free:
            attempt = await asyncio.to_thread(self._jobs.claim, job, "drill")
            assert attempt == 1
            for number in range(self._pieces):
                await asyncio.sleep(1 / PIECES_A_SECOND)
                piece = {"text": PIECE, "at": number * len(PIECE)}
                await asyncio.to_thread(self._jobs.append, job, 1, "text", piece)
                self.written[job].append((time.time(), (number + 1) * len(PIECE.rstrip())))
            await asyncio.to_thread(self._jobs.finish, job, 1, "finished", ANSWERED)

    @property
    def whole(self) -> str:
        """The text of each answer."""
        return (PIECE * self._pieces).strip()


async def fifty(
    workspace: Workspace,
    jobs: Jobs,
    *,
    people: int,
    channels: Sequence[str] = tuple(CHANNELS),
    at_once: int,
    seconds: float,
) -> Json:
    """Let so many people ask at once where a bot is connected, and return the figures."""
    workspace.call_log.is_limiting = True
    seen, answers = Seen(workspace), Answers(jobs, at_once, seconds)
    async with aiohttp.ClientSession() as http:
        places = [(channel, CHANNELS[channel]) for channel in channels]
        asking = (_ask(workspace, http, *places[n % len(places)], n) for n in range(people))
        begun = time.monotonic()
        await asyncio.gather(*asking)
        await answers.give(people)
    whole = answers.whole
    async with asyncio.timeout(SECONDS):
        while not all(seen.text(job).strip() == whole for job in answers.written):
            await asyncio.sleep(0.05)
    first, every, last = _delays(answers, seen)
    return {
        "people": people,
        "text_lost": 0,
        "seconds": round(time.monotonic() - begun, 1),
        "delay_of_text": _summary(every),
        "delay_of_first_text": _summary(first),
        "delay_of_whole_text": _summary(last),
        "calls": workspace.call_log.shown(),
    }


async def _ask(
    workspace: Workspace, http: aiohttp.ClientSession, channel: str, user: str, number: int
) -> None:
    headers = {"Authorization": f"Bearer {workspace.tokens.of(user)}"}
    body = {"channel": channel, "text": f"<@UBOT> Question {number}?"}
    async with http.post(
        f"{workspace.api_url}chat.postMessage", data=body, headers=headers
    ) as response:
        assert (await response.json())["ok"]


def _delays(answers: Answers, seen: Seen) -> tuple[list[float], list[float], list[float]]:
    """Return the delays of first pieces, of all pieces and of last pieces."""
    by_job = []
    for job, pieces in answers.written.items():
        since = [(seen.since(job, length), at) for at, length in pieces]
        by_job.append([max(0.0, shown - at) for shown, at in since if shown is not None])
    every = [delay for delays in by_job for delay in delays]
    return [delays[0] for delays in by_job], every, [delays[-1] for delays in by_job]


def _summary(values: list[float]) -> dict[str, float]:
    return {"median": round(median(values), 2), "p95": round(quantiles(values, n=20)[-1], 2)}


def run(folder: Path, options: argparse.Namespace) -> Json:
    """Run the drill in an empty folder and return its figures."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    broker = Broker(home)
    broker.start()
    os.environ.update(SWALLOW_HOME=str(home), SWALLOW_REDIS_URL=broker.url)
    app.conf.broker_url = broker.url
    try:
        return asyncio.run(_drill(broker, options))
    finally:
        broker.stop()


async def _drill(broker: Broker, options: argparse.Namespace) -> Json:
    port = free_port()
    url = f"http://127.0.0.1:{port}/slack/events" if options.http else ""
    async with running(request_url=url) as workspace:
        os.environ.update(
            SLACK_API_URL=workspace.api_url,
            SLACK_BOT_TOKEN=workspace.tokens.bot,
            SLACK_APP_TOKEN=workspace.tokens.app,
            SLACK_SIGNING_SECRET=workspace.tokens.signing_secret,
            SWALLOW_RATE_LIMITS="on",
            **({"SWALLOW_HTTP": str(port)} if options.http else {}),
        )
        workspace.faults.set({"refuse_streaming": options.edits})
        jobs = Jobs(broker.redis, keep_ms=3_600_000, queue_limit=1000)
        async with serving(checked(Settings), checked(BotSettings), "drill"):
            return await fifty(
                workspace,
                jobs,
                people=options.people,
                channels=DIRECT if options.direct else list(CHANNELS)[: options.channels],
                at_once=options.running,
                seconds=options.seconds,
            )


def good(figures: Json) -> bool:
    """Tell whether text was in time, and no call refused."""
    refused = any(method["refused"] for method in figures["calls"].values())
    return figures["delay_of_text"]["median"] < 3 and not refused


def main() -> None:
    """Run the drill with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument(
        "--channels", type=int, default=5, help="in how many conversations they ask"
    )
    parser.add_argument("--running", type=int, default=8, help="answers that grow at a time")
    parser.add_argument("--seconds", type=float, default=3, help="how long one grows")
    parser.add_argument("--direct", action="store_true", help="in direct messages only")
    parser.add_argument("--edits", action="store_true", help="Slack refuses native streams")
    parser.add_argument("--http", action="store_true", help="over HTTP instead of Socket Mode")
    run_as_command(run, good, parser.parse_args())


if __name__ == "__main__":
    main()
