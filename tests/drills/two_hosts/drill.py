"""What is done to two hosts and what must hold: the asserts on the way, and the figures."""

import argparse
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.drills import two_hosts
from tests.drills.broker import Broker
from tests.drills.link import Link
from tests.drills.questions import Questions
from tests.drills.two_hosts.hosts import PARTS, TwoHosts
from tests.drills.two_hosts.network import HOST_B, Network, two_hosts_network
from tests.patience import SECONDS, until
from tests.system.adapters import marker
from tests.system.workspace import state_of
from tests.tasks.broker.links.certificates import Authority, Certificate

QUESTION = "<@UBOT> What is the capital of France?"
PATIENCE_SECONDS = 600.0
"""How long after the last question every answer must be there."""


def run(folder: Path, options: argparse.Namespace, cache: Path | None = None) -> dict[str, Any]:
    """Run the drill in an empty folder and return its figures."""
    ours, stranger = Authority(folder / "ours"), Authority(folder / "stranger")
    with two_hosts_network() as network:
        certificate = ours.sign("broker", valid_for=f"IP:{network.address_a}")
        with _broker(folder / "home-a", network, certificate, options.seed) as url:
            hosts = TwoHosts(
                folder,
                network,
                options.engine,
                cache,
                SWALLOW_REDIS_URL=url,
                SWALLOW_REDIS_CA=str(ours.certificate.file),
            )
            refuse_a_stranger(hosts, stranger.certificate)
            try:
                hosts.start()
                return _drill(hosts, network, options)
            finally:
                hosts.stop()


@contextmanager
def _broker(home: Path, network: Network, certificate: Certificate, seed: int) -> Iterator[str]:
    """Run a broker on host A behind TLS, and give the URL that both hosts use."""
    home.mkdir(mode=0o700)
    broker = Broker(home)
    broker.start()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.file, certificate.key)
    link = Link(broker.url, seed=seed, share=0, delay_seconds=0, host=network.address_a, tls=tls)
    link.start()
    try:
        yield link.url
    finally:
        link.stop()
        broker.stop()


def refuse_a_stranger(hosts: TwoHosts, stranger: Certificate) -> None:
    """Assert that every process ends with the reason where another CA is the trusted one."""
    commands = [hosts.command_of(part) for part in PARTS if part != "workspace"]
    commands.append(((sys.executable, "-m", "tasks.cli", "status"), hosts.env))
    processes = [
        subprocess.Popen(
            command,
            env=env | {"SWALLOW_REDIS_CA": str(stranger.file)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command, env in commands
    ]
    for process in processes:
        _, error = process.communicate(timeout=SECONDS)
        assert process.returncode == 1, (process.args, error)
        assert "is not trusted" in error, (process.args, error)


def _drill(hosts: TwoHosts, network: Network, options: argparse.Namespace) -> dict[str, Any]:
    assert marker.MARK not in answer_of_b(hosts)
    learn_marker(hosts)
    assert marker.MARK in answer_of_b(hosts)
    hosts.command("adapter", "off").check_returncode()

    questions = Questions(hosts, options.seed)
    questions.learn(options.rounds)
    third = options.questions // 3
    list(questions.ask(third, at_once=third))
    until(lambda: any(job.state == "running" for job in hosts.jobs.open_states("answer")))
    network.cut(True)
    cut_at = time.monotonic()
    list(questions.ask(third, at_once=options.questions))
    time.sleep(max(0.0, cut_at + options.cut - time.monotonic()))
    before = _final(hosts, questions)
    network.cut(False)
    back_at = time.monotonic()
    until(lambda: _final(hosts, questions) > before, hosts.log_text)
    recovered_at = time.monotonic()
    list(questions.ask(options.questions - 2 * third, at_once=options.questions))
    questions.check(patience_seconds=PATIENCE_SECONDS)
    answered_at = time.monotonic()
    time.sleep(5)  # for a message too many
    outcome = questions.check(patience_seconds=0)
    for problem in questions.problems:
        print(problem, file=sys.stderr)
    return {
        "seed": options.seed,
        "questions": dict(outcome),
        "ambiguous": questions.ambiguous,
        "answered_before_the_link_was_back": before,
        "seconds": {
            "cut": round(back_at - cut_at),
            "from_link_to_next_answer": round(recovered_at - back_at, 1),
            "from_link_to_last_answer": round(answered_at - back_at, 1),
        },
    }


def _final(hosts: TwoHosts, questions: Questions) -> int:
    """Count the questions of the drill that have their final message."""
    threads = [hosts.workspace.bot_messages(asked.ts) for asked in questions.asked]
    return sum(any(state_of(message) for message in messages) for messages in threads)


def answer_of_b(hosts: TwoHosts) -> str:
    """Ask a question, assert that host B answers it, and return the answer."""
    (message,) = hosts.workspace.answers(hosts.workspace.say(QUESTION))
    job = hosts.jobs.get(message["metadata"]["event_payload"]["job"])
    assert job is not None
    workers = {worker["name"]: worker for worker in hosts.status()["workers"]}
    assert workers[job.worker]["host"] == HOST_B, workers
    return str(message["text"])


def learn_marker(hosts: TwoHosts) -> None:
    """Train an adapter on host A that says one word, and put it to use."""
    marker.write_marker(hosts)
    hosts.workspace.local("locale", user="UADMIN", locale="en-US")
    hosts.workspace.command(f"/swallow-train {marker.OPTIONS}")
    hosts.workspace.press("Use this adapter")
    until(lambda: hosts.status()["adapter"] == "marked", hosts.log_text)


def options_of(arguments: list[str]) -> argparse.Namespace:
    """Parse the command's options."""
    parser = argparse.ArgumentParser(
        description=two_hosts.__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--questions", type=int, default=60, help="how many are asked (60)")
    parser.add_argument("--cut", type=float, default=60, help="seconds without the link (60)")
    parser.add_argument("--rounds", type=int, default=2, help="how often right answers are learned")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the questions")
    parser.add_argument("--engine", default="auto")
    return parser.parse_args(arguments)


def good(figures: dict[str, Any]) -> bool:
    """Tell whether nothing was lost, doubled or garbled."""
    return set(figures["questions"]) == {"answered"}
