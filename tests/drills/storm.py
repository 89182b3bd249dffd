"""The large drill: questions and trainings while everything is killed and Slack and the link fail.

    python -m tests.drills.storm --questions 1000 --trainings 3 --seed 1

Prints the figures as one JSON object, and a line for each question that was not answered rightly;
exits with 1 if there is one, or if a training's adapter is not that of the undisturbed one.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.drills import trainings
from tests.drills.broker import Broker
from tests.drills.command import parser_of, run_as_command
from tests.drills.link import Link
from tests.drills.questions import Questions
from tests.drills.slack import FaultySlack
from tests.patience import until
from tests.system.workspace import ONE_THREAD, System, running_system

SETTINGS = ONE_THREAD | {
    "SWALLOW_MAX_NEW_TOKENS": "60",
    "SWALLOW_CHECKPOINT_MINUTES": "0.03",
    "SWALLOW_QUEUE_LIMIT": "100",
    "SWALLOW_DRAIN_SECONDS": "1",
}
DELAY_SECONDS = 3.0
"""The longest delay of a reply: longer than the two seconds for which clients wait."""
PATIENCE_SECONDS = 600.0
"""How long after the last question every answer must be there."""


class Storm:
    """What is done to a running system, each kind as often as asked."""

    def __init__(self, system: System, broker: Broker, slack: FaultySlack) -> None:
        self._system = system
        self._broker = broker
        self._slack = slack
        self.counts: Counter[str] = Counter()

    @property
    def kinds(self) -> dict[str, Callable[[], None]]:
        """What can be done, by its name."""
        return {
            "worker": lambda: self._system.kill("worker"),
            "trainer": lambda: self._system.kill("trainer"),
            "bot": lambda: self._system.kill("bot"),
            "generator": self._kill_generator,
            "broker": self._broker.restart,
            "power": lambda: self._broker.restart(lose_last_second=True),
            "slack": lambda: self._slack.spoil_calls(5),
            "events": self._slack.disturb_events,
        }

    def do(self, kind: str) -> None:
        """Do one of `kinds`."""
        self.kinds[kind]()
        self.counts[kind] += 1

    def _kill_generator(self) -> None:
        until(lambda: bool(self._generators()), lambda: "no generating process")
        self._generators()[0].kill()

    def _generators(self) -> list[psutil.Process]:
        try:
            children = psutil.Process(self._system.pid_of("worker")).children(recursive=True)
            return [child for child in children if "generator_process" in str(child.cmdline())]
        except psutil.NoSuchProcess:
            return []


def run(folder: Path, options: argparse.Namespace, cache: Path | None = None) -> dict[str, Any]:
    """Run the drill in an empty folder and return its figures."""
    home = folder / "home"
    home.mkdir(parents=True, mode=0o700)
    broker = Broker(home)
    broker.start()
    link = Link(broker.url, seed=options.seed, share=options.link, delay_seconds=DELAY_SECONDS)
    link.start()
    settings = SETTINGS | {"SWALLOW_REDIS_URL": link.url}
    try:
        with running_system(folder, options.engine, cache, **settings) as system:
            return _storm(system, broker, link, options)
    finally:
        link.stop()
        broker.stop()


def _storm(
    system: System, broker: Broker, link: Link, options: argparse.Namespace
) -> dict[str, Any]:
    slack = FaultySlack(system.workspace, options.seed)
    storm = Storm(system, broker, slack)
    questions = Questions(system, options.seed, different=options.different)
    questions.learn()
    trainings.write_data(system)
    outputs = [(f"calm-{number}", f"storm-{number}") for number in range(options.trainings)]
    for seed, (calm, _) in enumerate(outputs):
        assert trainings.wait_for_end(system, trainings.start(system, calm, seed)) == "finished"
    jobs = [trainings.start(system, stormy, seed) for seed, (_, stormy) in enumerate(outputs)]

    began = time.monotonic()
    link.spoil(True)
    plan = _plan(options)
    planned = len(plan)
    for number in questions.ask(options.questions, at_once=options.at_once):
        due = round(planned * (number + 1) / options.questions)
        while planned - len(plan) < due:
            storm.do(plan.pop())
    asked = time.monotonic()
    slack.calm()
    link.spoil(False)
    outcome = questions.check(patience_seconds=PATIENCE_SECONDS)
    answered = time.monotonic()
    endings = [trainings.wait_for_end(system, job) for job in jobs]
    time.sleep(5)  # for a message too many
    outcome = questions.check(patience_seconds=0)
    return {
        "seed": options.seed,
        "questions": dict(outcome),
        "problems": questions.problems,
        "ambiguous": questions.ambiguous,
        "done": dict(storm.counts),
        "slack_calls_failed": slack.failed_calls,
        "replies_spoiled": dict(link.counts),
        "trainings": endings,
        "same_adapters": [trainings.same_adapter(system, *pair) for pair in outputs],
        "seconds": {"asking": round(asked - began), "to_last_answer": round(answered - began)},
    }


def _plan(options: argparse.Namespace) -> list[str]:
    plan = [
        kind
        for kind in ("worker", "trainer", "bot", "generator", "broker", "power", "slack", "events")
        for _ in range(getattr(options, kind))
    ]
    random.Random(options.seed).shuffle(plan)
    return plan


def options_of(arguments: list[str]) -> argparse.Namespace:
    """Parse the command's options."""
    counts = {
        "questions": (1000, "how many are asked"),
        "different": (37, "how many of them are different"),
        "at-once": (24, "how many of them are open at any time"),
        "trainings": (3, "trainings meanwhile"),
        "worker": (20, "kills of the answering worker"),
        "generator": (20, "kills of its generating process"),
        "trainer": (10, "kills of the training worker"),
        "bot": (5, "kills of the bot"),
        "broker": (3, "kills of the broker"),
        "power": (2, "kills of the broker that lose its last second"),
        "slack": (70, "times that the next five calls of a Slack method fail"),
        "events": (30, "times that Slack's events are disturbed"),
        "seed": (int(time.time()), "of questions and plan"),
    }
    parser = parser_of(__doc__, counts)
    parser.add_argument("--link", type=float, default=0.003, help="share of replies spoiled")
    parser.add_argument("--engine", default="auto")
    return parser.parse_args(arguments)


def good(figures: dict[str, Any]) -> bool:
    """Tell whether nothing was lost, doubled or garbled, and every adapter is as it should be."""
    return set(figures["questions"]) == {"answered"} and all(figures["same_adapters"])


def main() -> None:
    """Run the drill with the options of the command line."""
    run_as_command(run, good, options_of(sys.argv[1:]))


if __name__ == "__main__":
    main()
