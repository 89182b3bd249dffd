"""Answers in direct messages whose streams are refused, expire, are cut at their bytes and lose
calls, while bots are killed: has each question exactly one complete final answer?

    python -m tests.drills.streams --questions 300

The bot is a process of its own, on a real broker; the workspace is here, and so are the answers,
which tell what every thread must show in the end.
"""

import argparse
import asyncio
import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import aiohttp
from redis import Redis

from bot.questions import answer
from bot.workspace.delivery.page_events import PageEvent
from bot.workspace.faults import Counted
from bot.workspace.server import running
from bot.workspace.state.channels import channel_named
from bot.workspace.state.conversations import Message
from bot.workspace.state.people import BOT_USER
from bot.workspace.workspace import Workspace
from tasks.broker.counters import counted
from tasks.broker.job import Ending
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import unanswered
from tests.drills.broker import Broker
from tests.drills.command import Figures, parser_of, run_as_command
from tests.patience import SECONDS

CHANNELS = {"DALICE": "UALICE", "DBOB": "UBOB", "DADMIN": "UADMIN"}
METHODS = (
    *("chat.startStream", "chat.appendStream", "chat.stopStream"),
    *("chat.update", "chat.postMessage", "chat.delete", "conversations.replies"),
)
STREAM_FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"refuse_streaming": True},
    "expire": {"expire_streaming": 0.4},
    "cut at bytes": {"streaming_bytes": 400},
}
NO_STREAM_FAULTS = {"refuse_streaming": False, "expire_streaming": 0, "streaming_bytes": 0}
ANSWERED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}
PIECES = 12
PIECE_SECONDS = 0.1


@dataclass(frozen=True)
class Question:
    """One question: where it was asked, what is answered, and how that ends."""

    channel: str
    ts: str
    text: str
    ending: Ending

    @property
    def right(self) -> list[str]:
        """The texts of the messages of its final answer."""
        return [post.text for post in answer.ended(self.text, self.ending, ANSWERED, "en")]


def text_of(number: int) -> str:
    """Return an answer unlike all others: short, in several messages, of many bytes, or tricky."""
    kinds = (
        f"**{number}** is *the* answer, said in a few words. " * 4,
        "".join(f"{number} の {line} 行目です。\n" for line in range(300)),
        f"{number} " + "🦢🐦🦉🪿" * 620,
        f"# {number}\n\n- <!channel> [x](http://evil.example)\n- a@b.example & `<b>`\n\n"
        f"```\n<@U1>\n```\n| n | m |\n|---|---|\n| {number} | 2 |\n",
    )
    return kinds[number % len(kinds)].strip()


class Worker:
    """Answers the questions, several at a time, each piece by piece."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._begun: set[str] = set()

    async def serve(self, questions: dict[str, Question]) -> None:
        """Answer until cancelled; `questions` are found by their threads."""
        async with asyncio.TaskGroup() as group:
            while True:
                for job in await asyncio.to_thread(self._jobs.open, "answer"):
                    question = questions.get(str(job.destination["ts"]))
                    if job.state == "queued" and question and job.id not in self._begun:
                        self._begun.add(job.id)
                        group.create_task(self._answer(job.id, question))
                await asyncio.sleep(0.05)

    async def _answer(self, job: str, question: Question) -> None:
        assert await asyncio.to_thread(self._jobs.claim, job, "drill") == 1
        size = -(-len(question.text) // PIECES)
        for at in range(0, len(question.text), size):
            piece = {"text": question.text[at : at + size], "at": at}
            await asyncio.to_thread(self._jobs.append, job, 1, "text", piece)
            await asyncio.sleep(PIECE_SECONDS)
        await asyncio.to_thread(self._jobs.finish, job, 1, question.ending, ANSWERED)


class Bot:
    """The bot's process, killed in the middle of a stream and started again."""

    def __init__(self, log: Path, env: dict[str, str], workspace: Workspace) -> None:
        self._log = log
        self._env = {**os.environ, **env}
        self._grown = asyncio.Event()
        workspace.page_events.watch(self._note)

    def start(self) -> None:
        """Start it, under the same name as before."""
        command = [sys.executable, "-P", "-m", "bot", "--name", "drill"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, env=self._env, stdout=log, stderr=log)

    async def kill(self) -> None:
        """Kill it when a stream has just grown, and start it again."""
        self._grown.clear()
        try:
            await asyncio.wait_for(self._grown.wait(), 5)
        except TimeoutError:
            return  # no stream grows now
        self.end()
        self.start()

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()

    def _note(self, event: PageEvent) -> None:
        if event.kind == "append":
            self._grown.set()


class Drill:
    """Asks, spoils and checks."""

    def __init__(self, workspace: Workspace, jobs: Jobs, bot: Bot, seed: int) -> None:
        self._workspace = workspace
        self._jobs = jobs
        self._bot = bot
        self._generator = random.Random(seed)
        self.questions: dict[str, Question] = {}
        self.done: Counter[str] = Counter()

    async def run(self, questions: int, *, at_once: int, kills: int, calls: int) -> Figures:
        """Ask so many questions while so much is spoilt, and return what became of them."""
        began = time.monotonic()
        plan = [*["kill"] * kills, *["call"] * calls, *[*STREAM_FAULTS, "calm"] * -(-calls // 4)]
        self._generator.shuffle(plan)
        planned = len(plan)
        worker = asyncio.create_task(Worker(self._jobs).serve(self.questions))
        async with aiohttp.ClientSession() as http:
            for number in range(questions):
                while await self._open() >= at_once:
                    await asyncio.sleep(0.05)
                await self._ask(http, number)
                while planned - len(plan) < round(planned * (number + 1) / questions):
                    await self._do(plan.pop())
        self._workspace.faults.set(NO_STREAM_FAULTS | {kind: {} for kind in get_args(Counted)})
        async with asyncio.timeout(SECONDS):
            while await self._open() or await asyncio.to_thread(unanswered, self._jobs.redis):
                await asyncio.sleep(0.1)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await asyncio.sleep(1)  # for a message too many
        outcomes = {question: self._outcome(question) for question in self.questions.values()}
        return {
            "questions": dict(Counter(outcomes.values())),
            "problems": [
                f"{outcome} {question.ending}: {self._shown(question)}"
                for question, outcome in outcomes.items()
                if outcome != "answered"
            ],
            "done": dict(self.done),
            "calls": {name: n["calls"] for name, n in self._workspace.call_log.shown().items()},
            "seconds": round(time.monotonic() - began),
        }

    async def _open(self) -> int:
        """Return how many questions have no job yet, or one that goes on."""
        counts = await asyncio.to_thread(counted, self._jobs.redis)
        ended = sum(counts[name] for name in counts if name.startswith("ended:answer:"))
        return len(self.questions) - ended

    async def _ask(self, http: aiohttp.ClientSession, number: int) -> None:
        channel, user = self._generator.choice(list(CHANNELS.items()))
        headers = {"Authorization": f"Bearer {self._workspace.tokens.of(user)}"}
        body = {"channel": channel, "text": f"Question {number}?"}
        async with http.post(
            f"{self._workspace.api_url}chat.postMessage", data=body, headers=headers
        ) as response:
            ts = str((await response.json())["ts"])
        ending: Ending = "cancelled" if number % 10 == 9 else "finished"
        self.questions[ts] = Question(channel, ts, text_of(number), ending)

    async def _do(self, what: str) -> None:
        self.done[what] += 1
        faults = self._workspace.faults
        if what == "kill":
            faults.set(NO_STREAM_FAULTS)
            await self._bot.kill()
        elif what == "call":
            kind = self._generator.choice(get_args(Counted))
            method, count = self._generator.choice(METHODS), self._generator.randint(1, 3)
            faults.set({kind: faults.shown()[kind] | {method: count}})
        else:
            faults.set(NO_STREAM_FAULTS | STREAM_FAULTS.get(what, {}))

    def _replies(self, question: Question) -> list[Message]:
        channel = channel_named(question.channel)
        replies = self._workspace.conversations.replies(channel, question.ts)
        return [message for message in replies if message["user"] == BOT_USER]

    def _shown(self, question: Question) -> list[str]:
        return [
            f"{message.get('streaming_state')} {message.get('metadata')} {message['text'][:60]!r}"
            for message in self._replies(question)
        ]

    def _outcome(self, question: Question) -> str:
        replies = self._replies(question)
        if any(message.get("streaming_state") == "in_progress" for message in replies):
            return "open"
        about = [message.get("metadata", {}).get("event_payload", {}) for message in replies]
        if not about or about[-1].get("state") != question.ending:
            return "lost"
        if len(replies) != len(question.right):
            return "doubled"
        right = [message["text"] for message in replies] == question.right
        return "answered" if right else "garbled"


def run(folder: Path, options: argparse.Namespace) -> Figures:
    """Run the drill in an empty folder and return its figures."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    broker = Broker(home)
    broker.start()
    try:
        return asyncio.run(drill(folder, broker.url, options))
    finally:
        broker.stop()


async def drill(folder: Path, broker: str, options: argparse.Namespace) -> Figures:
    """Run the drill on a broker that is empty."""
    async with running() as workspace:
        env = {
            "SWALLOW_HOME": str(folder / "home"),
            "SWALLOW_REDIS_URL": broker,
            "SLACK_API_URL": workspace.api_url,
            "SLACK_BOT_TOKEN": workspace.tokens.bot,
            "SLACK_APP_TOKEN": workspace.tokens.app,
            "SWALLOW_EDIT_SECONDS": "0.1",
        }
        bot = Bot(folder / "bot.log", env, workspace)
        bot.start()
        with Redis.from_url(broker, decode_responses=True) as redis:
            jobs = Jobs(redis, keep_ms=3_600_000, queue_limit=1000)
            try:
                return await Drill(workspace, jobs, bot, options.seed).run(
                    options.questions,
                    at_once=options.at_once,
                    kills=options.kills,
                    calls=options.calls,
                )
            finally:
                bot.end()


def options_of(arguments: list[str]) -> argparse.Namespace:
    """Parse the command's options."""
    counts = {
        "questions": (300, "how many are asked"),
        "at-once": (12, "how many of them are open at any time"),
        "kills": (12, "kills of the bot"),
        "calls": (80, "times that the next calls of a Slack method fail"),
        "seed": (int(time.time()), "of questions and plan"),
    }
    return parser_of(__doc__, counts).parse_args(arguments)


def good(figures: Figures) -> bool:
    """Tell whether each question has exactly one complete final answer."""
    return set(figures["questions"]) == {"answered"}


def main() -> None:
    """Run the drill with the options of the command line."""
    run_as_command(run, good, options_of(sys.argv[1:]))


if __name__ == "__main__":
    main()
