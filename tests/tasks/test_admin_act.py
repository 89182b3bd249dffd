"""What an operator does at the terminal leaves its line in the audit log, or is not done."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from redis import Redis

from tasks.admin_act import admin_act
from tasks.audit import Audit
from tasks.broker.connection import address_file
from tasks.broker.jobs import ADAPTER, Jobs
from tasks.cli import swallow
from tasks.errors import AuditUnwritable, BrokerAway, NoSuchJob
from tasks.settings import settings
from tasks.trainings import beside_answers
from tests.tasks.adapter_files import write_adapter
from trainer.command import train as trainer_train
from trainer.errors import AdapterInUse, AdapterMissing

AWAY = "redis://:secret@127.0.0.1:1/0"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(trainer_train, "callback", lambda **_: click.echo("trained"))
    # A child of this process would go on with the tests.
    monkeypatch.setattr(beside_answers, "continue_in_child", lambda settings: None)
    write_adapter(tmp_path / "home" / "adapters" / "one")
    yield tmp_path / "home"
    settings.cache_clear()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch, valkey: str, home: Path) -> str:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    return valkey


def run(*arguments: str) -> BaseException | None:
    """Run a command in this process; returns what it raised."""
    settings.cache_clear()
    return CliRunner().invoke(swallow, arguments).exception


def lines(home: Path) -> list[tuple[str, str, str]]:
    """Return action, target and outcome of each line of the audit log."""
    file = Audit(home).file
    written = map(json.loads, file.read_text("utf-8").splitlines()) if file.is_file() else ()
    return [(line["action"], line.get("target", ""), line["outcome"]) for line in written]


ACTS = [
    ("adapter", "use", "one"),
    ("adapter", "off"),
    ("adapter", "remove", "one", "--yes"),
    ("jobs", "cancel", "asked"),
    ("train", "--output-dir", "two"),
    ("train", "--resume", "old"),
]


@pytest.mark.parametrize("act", ACTS)
def test_an_act_that_cannot_be_recorded_is_not_done(
    act: tuple[str, ...], broker: str, home: Path, redis: Redis, jobs: Jobs
) -> None:
    jobs.create("asked", "answer", destination={}, asked={})
    redis.set(ADAPTER, "two@digest")
    Audit(home).file.mkdir()

    failure = run(*act)

    assert isinstance(failure, AuditUnwritable), failure
    assert "Nothing was done" in str(failure)
    assert redis.get(ADAPTER) == "two@digest"
    assert (home / "adapters" / "one").is_dir()
    job = jobs.get("asked")
    assert job is not None
    assert job.state == "new"


@pytest.mark.parametrize(
    ("act", "line"),
    [
        (ACTS[0], ("adapter use", "one", "done")),
        (ACTS[1], ("adapter off", "", "done")),
        (
            ("adapter", "use", "one", "--channel", "CGENERAL"),
            ("adapter use", "one in CGENERAL", "done"),
        ),
        (ACTS[2], ("adapter remove", "one", "done")),
        (ACTS[3], ("job cancel", "asked", "done")),
        (ACTS[4], ("train start", "two", "done")),
        (ACTS[5], ("train resume", "old", "done")),
    ],
)
def test_an_act_leaves_one_line(
    act: tuple[str, ...], line: tuple[str, str, str], broker: str, home: Path, jobs: Jobs
) -> None:
    jobs.create("asked", "answer", destination={}, asked={})

    assert run(*act) is None

    assert lines(home) == [line]


@pytest.mark.parametrize(
    ("act", "error", "line"),
    [
        (("adapter", "use", "none"), AdapterMissing, ("adapter use", "none", "refused")),
        (("adapter", "remove", "none"), AdapterMissing, ("adapter remove", "none", "refused")),
        (("jobs", "cancel", "none"), NoSuchJob, ("job cancel", "none", "failed")),
    ],
)
def test_an_attempt_leaves_a_line_too(
    act: tuple[str, ...],
    error: type[Exception],
    line: tuple[str, str, str],
    broker: str,
    home: Path,
    redis: Redis,
) -> None:
    assert isinstance(run(*act), error)

    assert lines(home) == [line]


@pytest.mark.parametrize("act", [ACTS[0], ACTS[1], ACTS[3]])
def test_an_act_without_a_broker_is_recorded_as_failed(
    act: tuple[str, ...], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", AWAY)

    assert isinstance(run(*act), BrokerAway)

    assert [outcome for _, _, outcome in lines(home)] == ["failed"]


def test_looking_and_a_plan_leave_no_line(broker: str, home: Path, redis: Redis) -> None:
    for arguments in (("adapter", "list"), ("adapter", "show", "one"), ("jobs", "list")):
        assert run(*arguments) is None
    assert run("train", "--plan") is None

    assert lines(home) == []


def test_an_operator_who_says_no_has_done_nothing(broker: str, home: Path, redis: Redis) -> None:
    settings.cache_clear()

    asked = CliRunner().invoke(swallow, ["adapter", "remove", "one"], input="n\n")

    assert asked.exit_code == 1
    assert (home / "adapters" / "one").is_dir()
    assert lines(home) == []


def test_a_full_disk_is_found_before_anything_is_done(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstatvfs

    def full(descriptor: int) -> os.statvfs_result:
        return os.statvfs_result([*real(descriptor)[:4], 0, *real(descriptor)[5:10]])

    monkeypatch.setattr(os, "fstatvfs", full)

    with pytest.raises(AuditUnwritable, match="No space left"), admin_act("adapter off"):
        raise AssertionError


class TestRemovingWhileTheBrokerIsAway:
    """The broker alone knows which adapter is in use and which questions name one."""

    def test_is_refused_where_the_adapter_may_be_in_use(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SWALLOW_REDIS_URL", AWAY)

        failure = run("adapter", "remove", "one", "--yes")

        assert isinstance(failure, BrokerAway)
        assert "one may be in use and is not removed" in str(failure)
        assert (home / "adapters" / "one").is_dir()
        assert lines(home) == [("adapter remove", "one", "failed")]

    def test_is_refused_while_swallow_up_is_stopped(self, home: Path) -> None:
        address_file(home).write_text(json.dumps({"url": AWAY}), "utf-8")

        assert isinstance(run("adapter", "remove", "one", "--yes"), BrokerAway)
        assert (home / "adapters" / "one").is_dir()

    def test_is_done_where_there_never_was_a_broker(self, home: Path) -> None:
        assert run("adapter", "remove", "one", "--yes") is None

        assert not (home / "adapters" / "one").exists()

    def test_is_refused_with_the_broker_where_it_is_in_use(
        self, broker: str, home: Path, redis: Redis
    ) -> None:
        assert run("adapter", "use", "one") is None

        assert isinstance(run("adapter", "remove", "one", "--yes"), AdapterInUse)
        assert (home / "adapters" / "one").is_dir()
