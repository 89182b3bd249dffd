"""Says one text in every way in which text of a model, a person, a file or an operator reaches
Slack: asks, answers, fails, trains, teaches, decides, compares, sets and alerts with it."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bot.alerts.records import Records
from bot.blind.cards import REVEAL_ACTION
from tasks.adapters.in_use import AdaptersInUse
from tasks.blind.store import Blind
from tasks.broker.job import Ending, Job
from tasks.broker.workers import Worker, Workers
from tests.bot.conftest import Json, job_of, until
from tests.bot.feedback.conftest import Teacher
from tests.bot.feedback.test_uploads import send
from tests.bot.trainings.test_follower import FINISHED, Trainer, over
from tests.bot.trainings.test_plan_follower import PLAN
from tests.tasks.adapter_files import write_adapter
from tests.tasks.feedback.rows import proposed
from trainer.training_folder import Training

MARK = "evil"
"""A word of every text, by which what was sent of it is found again."""
DIGEST = "a" * 64


def own_references() -> frozenset[str]:
    """Return the references that are meant: who acts here, and where."""
    return frozenset({"<@UADMIN>", "<@UALICE>", "<#CGENERAL>", "<#DALICE>", "<#DADMIN>"})


class Everywhere:
    """One text, said everywhere; `pieces` are how a model's answer comes."""

    def __init__(self, teacher: Teacher, home: Path, text: str, pieces: Sequence[str]) -> None:
        self._teacher = teacher
        self._jobs = teacher.jobs
        self._folder = home
        self._text = text
        self._pieces = pieces
        self._word = re.sub(r"[\s=＝﹦]", "-", text)
        """The text as one word of a command."""

    @property
    def steps(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """All that is done while the bot runs, in its order."""
        return (
            self.questions,
            self.shortcuts,
            self.commands,
            self.trainings,
            self.blind,
            self.alerts,
            self.home,
        )

    def prepare(self) -> None:
        """Write what the operator, the workers and files say, before the bot starts."""
        sides = [
            {"instruction": self._text, "input": self._text, "right": self._text, "kind": ""}
            | {"base": "b" + self._text, "adapter": "a" + self._text, "id": ""}
        ]
        marks = {"corrections": 1, "learned": 1, "reworded": 1, "others": 0, "unchanged": 0}
        adapters = self._folder / "adapters"
        write_adapter(
            adapters / "output",
            base_model=self._text,
            date=self._text,
            data={"name": self._text},
            evaluation={"reason": self._text, "verdict": self._text},
            exam={**marks, "sides": sides},
        )
        (adapters / self._file_name()).mkdir()
        stopped = Training(self._folder / "trainings" / "stopped")
        stopped.folder.mkdir(parents=True)
        stopped.write_settings({"output": self._text.replace("/", "∕"), "steps": 8})
        workers = Workers(self._jobs.redis)
        queues = ("answers", "training")
        workers.announce(
            Worker("w", queues, "ready", model=self._text, host=self._text, detail=self._text)
        )
        name = self._word.replace("@", "")[:60]
        AdaptersInUse(self._jobs.redis).set(f"{name}@{DIGEST}", "CGENERAL")
        self._teacher.feedback.propose(self._row("waiting", author=f"operator:{self._word}"[:64]))

    async def questions(self) -> None:
        """Ask, answer, go on, fail, and ask with wrong options, in a channel and directly."""
        for channel in ("CGENERAL", "DALICE"):
            ts = await self._teacher.say(f"<@UBOT> Q {self._text}", channel=channel)
            root = ts
            first = await self._grown(root, channel)
            for action in ("ask_again", "continue_answer"):
                under = await self._reply(root, action, channel)
                await self._press(under, action, "UALICE", channel)
                await self._answer("cancelled", {"finish": "stop"})
            if channel == "CGENERAL":
                await self._feedback(first, root)
        failures: tuple[Json, ...] = (
            {"reason": "file", "name": self._text, "limit": 1},
            {"reason": "adapter", "name": self._text},
            {"reason": self._text, "detail": self._text},
        )
        for data in failures:
            await self._teacher.say(f"<@UBOT> {self._text}")
            await self._answer("failed", data, text=False)
        for option in ("think", "max", "temp", "adapter"):
            await self._teacher.say(f"<@UBOT> {option}={self._word} Why?")
        await over(self._jobs)

    async def _feedback(self, job: Job, root: str) -> None:
        """Rate and correct an answer, teach a message, and decide about what was proposed."""
        teacher = self._teacher
        message = await self._reply(root, "correct_answer", "CGENERAL")
        await teacher.rate(message, "good", "UALICE")
        await teacher.told("", "UALICE")
        await teacher.correct(message, "UALICE")
        view = await teacher.form("UALICE")
        texts = {"instruction": self._text, "output": self._text + " 2"}
        await teacher.submit(view, "UALICE", **texts)
        said = await teacher.say(self._text, "UBOB")
        await teacher.shortcut(said, "UALICE")
        view = await teacher.form("UALICE")
        await teacher.submit(view, "UALICE", instruction="q" * 3001, output=self._text)
        await teacher.submit(view, "UALICE", instruction=self._text, output=self._text)
        for action in ("feedback_approve", "feedback_approve_exam"):
            review = await self._in("DADMIN", "an open review", action, "feedback_refuse")
            await teacher.decide(review, action)
            await self._in("DADMIN", "a decision", "<@UADMIN>")

    async def shortcuts(self) -> None:
        """Have a message summarised and asked about in forms, share both, and close one early."""
        ts = await self._teacher.say(f"{MARK} {self._text}", "UBOB")
        for name in ("summarise", "ask_about"):
            await self._use(name, ts)
            if name == "ask_about":
                await self._teacher.submit(await self._form("question"), "UALICE", question=MARK)
            job = await self._answer("finished", {"finish": "stop"})
            form = await self._form("share_answer")
            press = {"do": "press", "action_id": "share_answer", "value": job.id}
            await self._teacher.local("view", {"user": "UALICE", "view_id": form["id"], **press})
            await self._form("Shared in the thread.")
        await self._use("translate", ts)
        form = await self._form("shortcut_choice")
        close = {"user": "UALICE", "view_id": form["id"], "do": "close"}
        await self._teacher.local("view", close)
        await self._answer("finished", {"finish": "stop"})
        await self._in("DALICE", "an answer", "The form is not open")

    async def _use(self, name: str, ts: str) -> None:
        body = {"channel": "CGENERAL", "ts": ts, "user": "UALICE"}
        await self._teacher.local("shortcut", {**body, "callback_id": f"{name}_message"})

    async def _form(self, words: str) -> Json:
        """Wait for the form that Alice has open to say something."""

        async def look() -> Json | None:
            view: Json | None = (await self._teacher.look("view", "UALICE"))["view"]
            return view if view and words in str(view["blocks"]) else None

        return await until(look, words)

    async def commands(self) -> None:
        """Type the text into every command, and into the form of the channel."""
        teacher, word = self._teacher, self._word
        for line in (
            f"train {word}",
            f"train epochs={word}",
            f"train data={word}",
            f"train cancel {word}",
            f"train resume {word}",
            "train resume gone",
            "train status",
            f"adapter {word}",
            f"adapter use {word}",
            "adapter use output",
            "adapter use gone",
            "adapter list",
            "adapter show output",
            f"adapter compare output Q {self._text}",
            f"channel {word}",
            f"channel ask={word}",
            f"channel adapter={word}",
            "channel help",
            f"channel ask=UALICE instructions={self._text}",
            "channel show",
            f"forget {self._text}",
            f"help {self._text}",
        ):
            await teacher.command(f"/swallow-{line}")
        for _ in range(2):
            await self._answer("finished", {"finish": "stop"})
        await teacher.command("/swallow-channel")
        view = await teacher.form("UADMIN")
        for values in (
            {"max": self._text[:10]},
            {"max": "", "instructions": self._text[:1000]},
        ):
            await teacher.submit(view, "UADMIN", **values)
        await teacher.command("/swallow-train")
        view = await self._form_called("ask_for_training", "UADMIN")
        assert await teacher.submit(view, "UADMIN", output=self._text[:80])
        use = {"user": "UADMIN", "view_id": view["id"]}
        await teacher.local("view", use | {"do": "close"})
        await send(teacher, "{}", f"{self._file_name()}.exe", "dataset x")
        await send(teacher, "{}", "rows.jsonl", f"dataset {word}")
        await send(teacher, f'{{"{MARK}<!here>": "<!here>"}}', "rows.jsonl", "dataset x")

    async def _form_called(self, callback: str, user: str) -> Json:
        """Wait for a form of this kind."""

        async def look() -> Json | None:
            view: Json | None = (await self._teacher.look("view", user))["view"]
            return view if view and view["callback_id"] == callback else None

        return await until(look, callback)

    async def trainings(self) -> None:
        """Plan trainings, follow one to its end and one to its failure, and compare blind."""
        teacher = self._teacher
        await teacher.command("/swallow-train epochs=1")
        plan = dict.fromkeys(("data", "output", "model", "style", "precision"), self._text)
        reasons = {self._text: 2}
        await self._end("plan", "finished", {"plan": {**PLAN, **plan, "dropped_reasons": reasons}})
        shown = await self._in("CGENERAL", "a plan", "discard_plan")
        await teacher.press(shown, "discard_plan")
        for data in (
            {"reason": "dataset", "name": self._text, "known": [self._text]},
            {"reason": "data", "detail": self._text},
        ):
            await teacher.command("/swallow-train epochs=1")
            await self._end("plan", "failed", data)
        answers = [
            {"instruction": self._text, "input": self._text}
            | {"base": self._text, "adapter": self._text}
        ]
        endings: tuple[tuple[Ending, Json], ...] = (
            ("finished", {**FINISHED, "answers": answers, "exam": self._exam()}),
            ("failed", {"reason": "training", "detail": self._text, "training": self._text}),
            ("cancelled", {"by": self._text, "training": self._text, "checkpoint_step": 4}),
        )
        for number, (ending, data) in enumerate(endings):
            trainer = Trainer(self._jobs, f"t{number}")
            trainer.ask()
            await trainer.claim()
            trainer.progress(step=4, output=self._text)
            await teacher.command("/swallow-train status")
            data |= {"output": self._text, "adapter": f"{self._text.replace('@', '')}@{DIGEST}"}
            trainer.end(ending, data)
        await over(self._jobs)

    def _exam(self) -> Json:
        sides = [
            {"instruction": self._text, "input": "", "right": "", "kind": "", "id": ""}
            | {"base": "b" + self._text, "adapter": "a" + self._text}
        ]
        marks = {"corrections": 1, "learned": 1, "reworded": 1, "others": 0, "unchanged": 0}
        return {**marks, "sides": sides}

    async def blind(self) -> None:
        """Compare blind by command, vote, and reveal both comparisons that there are."""
        blind, teacher = Blind(self._jobs.redis), self._teacher
        await teacher.command("/swallow-adapter compare output")

        async def begun() -> list[str] | None:
            ids = blind.open()
            found = [blind.get(id) for id in ids]
            return ids if len(ids) == 2 and all(one and one.messages for one in found) else None

        for id in await until(begun, "two comparisons"):
            found = blind.get(id)
            assert found
            opening = {"ts": found.messages["opening"], "channel": found.channel}
            await teacher.press(opening, REVEAL_ACTION)

        async def over() -> bool:
            return blind.open() == []

        await until(over, "the end of the comparisons")

    async def alerts(self) -> None:
        """Let the operator's hosts and trainings be alerted about."""
        records = Records(self._jobs.redis)
        records.enter("training:x", job=self._text, output=self._text)

        async def told() -> bool:
            return not records.waiting()

        await until(told, "an alert")

    async def home(self) -> None:
        """Open the Home tab as an admin and as somebody else, and take a row back."""
        for user in ("UADMIN", "UALICE"):
            await self._teacher.home(MARK, user)

    def _row(self, id: str, **values: Any) -> Any:
        texts = dict.fromkeys(("instruction", "input", "output", "rejected"), self._text)
        return proposed(id, **texts | values)

    def _file_name(self) -> str:
        plain = self._text.replace("/", "∕").replace("\0", "").replace("\n", " ")
        return plain.encode()[:200].decode(errors="ignore").strip(". ") + MARK

    async def _grown(self, root: str, channel: str) -> Job:
        """Act as the worker: answer the question that waits, while its person reads along."""
        job = await job_of(self._jobs, "answer")
        attempt = self._jobs.claim(job.id, "worker")
        assert attempt
        for number, piece in enumerate(self._pieces):
            self._jobs.append(job.id, attempt, "text", {"text": piece})
            await asyncio.sleep(0.01)
            if number == len(self._pieces) // 2:
                await self._begun(root, channel)
        self._jobs.finish(job.id, attempt, "finished", self._about | {"ids": [1, 2]})
        return job

    async def _begun(self, root: str, channel: str) -> None:
        async def look() -> bool:
            replies = await self._teacher.replies(root, channel)
            return any(reply["user"] == "UBOT" for reply in replies)

        await until(look, "the beginning of an answer")

    @property
    def _about(self) -> Json:
        """What a worker says of an answer."""
        about = {"model": self._text, "adapter": f"{self._text}@{DIGEST}", "tokens": 1}
        return about | {"seconds": 1.0, "tokens_per_second": 1.0, "finish": "length"}

    async def _answer(self, ending: Ending, data: Json, *, text: bool = True) -> Job:
        """Act as the worker: answer the question that waits."""
        job = await job_of(self._jobs, "answer")
        attempt = self._jobs.claim(job.id, "worker")
        assert attempt
        for piece in self._pieces if text else ():
            self._jobs.append(job.id, attempt, "text", {"text": piece})
        failed = ending == "failed"
        self._jobs.finish(job.id, attempt, ending, data if failed else self._about | data)
        return job

    async def _end(self, kind: Any, ending: Ending, data: Json) -> None:
        job = await job_of(self._jobs, kind)
        attempt = self._jobs.claim(job.id, "worker")
        assert attempt
        self._jobs.finish(job.id, attempt, ending, data)

    async def _press(self, message: Json, action: str, user: str, channel: str) -> None:
        await self._teacher.press({**message, "channel": channel}, action, user=user)

    async def _reply(self, root: str, action: str, channel: str) -> Json:
        """Wait for a message of a thread with a button."""

        async def look() -> Json | None:
            replies = await self._teacher.replies(root, channel)
            return next((m for m in replies if action in str(m.get("blocks"))), None)

        return {**await until(look, action), "channel": channel}

    async def _in(self, channel: str, what: str, *words: str) -> Json:
        """Wait for a message of a channel that has all the words."""

        async def look() -> Json | None:
            messages = await self._teacher.messages(channel)
            return next((m for m in messages if all(word in str(m) for word in words)), None)

        return await until(look, what)
