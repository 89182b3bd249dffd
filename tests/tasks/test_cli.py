"""The command `swallow` as a process of its own: exit codes and one-line reasons."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from tasks.adapters.in_use import AdaptersInUse
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import record_no_access
from tasks.broker.workers import Worker, Workers
from tests.patience import SECONDS
from tests.tasks.models.thinking_model import write_thinking
from tests.tasks.models.tiny_models import write_tiny
from tests.trainer import doubles
from trainer.base_model.source import Source


def swallow(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "tasks.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask"],
        ["ask", "--instruction", "x", "--max-new-tokens", "0"],
        ["ask", "--instruction", "x", "--nonsense"],
        ["worker", "--queues", "nonsense"],
        ["worker", "--queues", "answers,plans"],
        ["up", "--engine", "steam"],
        ["prepare", "--quality", "perfect"],
        ["nonsense"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    done = swallow(*arguments)

    assert done.returncode == 2
    assert "Error:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["status"], "No broker is known for"),
        (["jobs", "list"], "start `swallow up`"),
        (["jobs", "cancel", "x"], "start `swallow up`"),
        (["worker"], "No broker is known for"),
        (["ask", "--instruction", "x", "--model", "/no/such"], "There is no model at '/no/such'"),
        (["ask", "--instruction", "x", "--lora-data", "none"], "There is no adapter 'none'"),
        (["ask", "--instruction", "x", "--lora-data", ".."], "cannot name an adapter"),
    ],
)
def test_what_cannot_be_done_exits_with_1_and_one_line(
    arguments: list[str], reason: str, small_model: Source
) -> None:
    done = swallow(*arguments)

    assert done.returncode == 1
    assert done.stderr.startswith("swallow: ")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["status"], ["doctor"], ["worker"], ["bot"]])
def test_a_wrong_address_of_the_broker_is_one_line_without_its_password(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", "redis://:hunter/2@broker:6379/0")

    done = swallow(*arguments)

    assert done.returncode == 1
    assert done.stderr == (
        "swallow: SWALLOW_REDIS_URL cannot be used: "
        "in a password write / as %2F, ? as %3F and # as %23.\n"
    )
    assert "hunter" not in done.stdout


def test_ask_takes_the_references_spelling_and_reads_files(
    tmp_path: Path, small_model: Source, model_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The cache is shared by all tests, so that the model is unpacked once.
    home = tmp_path / "asking"
    home.mkdir()
    (home / "cache").symlink_to(model_cache)
    monkeypatch.setenv("SWALLOW_HOME", str(home))
    instruction = tmp_path / "instruction.txt"
    instruction.write_text("Which of these is a rapper?\n", encoding="utf-8")
    names = "Eminem, Michael Jackson, Rihanna, 50 Cent"

    done = swallow(
        "ask", "--instruction", str(instruction), "--input", names, "--max_new_tokens=32"
    )
    as_json = swallow(
        "ask", "--instruction", str(instruction), "--input", names, "--max-new-tokens=32", "--json"
    )
    verbose = swallow("ask", "--instruction", "Say hi", "--verbose", "--max-new-tokens", "2")

    assert done.returncode == 0, done.stderr
    answer = json.loads(as_json.stdout)
    assert done.stdout.strip() == answer["answer"]
    assert f"rapper?\n\n{names}<|im_end|>" in answer["prompt"]
    assert "adapter: none" in verbose.stdout
    assert "<|im_start|>user\nSay hi" in verbose.stdout


def test_ask_prints_nothing_but_the_answer_into_a_pipe_even_where_a_model_is_unpacked(
    small_model: Source,
) -> None:
    done = swallow(
        *("ask", "--instruction", "Say hi", "--max-new-tokens", "2", "--engine", "transformers")
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_a_thought_is_counted_and_not_printed(tmp_path: Path) -> None:
    source = write_thinking(tmp_path / "model", thought="Hm, so", answer="YES!")

    done = swallow(
        *("ask", "--instruction", "a", "--model", str(source.path), "--engine", "transformers"),
        "--json",
    )

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["answer"], answer["thought_tokens"]) == ("YES!", 8)


def test_ask_thinks_as_much_as_it_is_told_and_shows_on_a_terminal_that_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_thinking(tmp_path / "model", thought="Wait, ", answer="\nYES!", endless=True)
    asking = ("ask", "--instruction", "a", "--model", str(source.path), "--engine", "transformers")

    piped = swallow(*asking, "--think=20", "--verbose")
    monkeypatch.setenv("SWALLOW_THINKING", "off")
    off = swallow(*asking, "--json")
    reader, terminal = pty.openpty()
    with os.fdopen(reader, "rb"), os.fdopen(terminal, "wb"):
        done = subprocess.run(
            [sys.executable, "-m", "tasks.cli", *asking, "--think=20"],
            stdout=subprocess.PIPE,
            stderr=terminal,
            timeout=SECONDS,
            check=True,
        )
        shown = os.read(reader, 10_000).decode()

    assert (piped.returncode, piped.stderr) == (0, "")
    assert "YES!\n" in piped.stdout
    assert "of them thought, which the limit ended\n" in piped.stdout
    assert json.loads(off.stdout)["thought_tokens"] == 0
    assert done.stdout == b"YES!\n"
    assert "Thinking… 0 s" in shown
    assert shown.endswith("\r\033[K")


@pytest.mark.parametrize("word", ["maybe", "0", "-1", "1e3", ""])
def test_what_think_cannot_be_is_one_sentence(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    option = swallow("ask", "--instruction", "a", f"--think={word}")
    monkeypatch.setenv("SWALLOW_THINKING", word or "no")
    variable = swallow("ask", "--instruction", "a")

    assert option.returncode == 2
    assert f"'{word}' is not off, on or a number of tokens" in " ".join(option.stderr.split())
    assert variable.returncode == 1
    assert variable.stderr.startswith(f"swallow: SWALLOW_THINKING is '{word or 'no'}': it must be")


def test_a_training_takes_its_defaults_from_the_settings_and_options_win(
    tmp_path: Path,
) -> None:
    model = doubles.write_model(tmp_path / "tiny")
    rows = doubles.write_rows(tmp_path / "rows.jsonl", 48)
    (tmp_path / ".env").write_text(
        f"SWALLOW_MODEL={model}\nSWALLOW_TRAIN_DATA={rows}\nSWALLOW_STYLE=alpaca-en\n",
        encoding="utf-8",
    )

    plan = swallow("train", "--plan", "--json")
    other = swallow("train", "--plan", "--json", "--style", "alpaca-ja")

    assert plan.returncode == 0, plan.stderr
    facts = json.loads(plan.stdout)
    assert (facts["model"], facts["data"], facts["style"]) == ("tiny", "rows.jsonl", "alpaca-en")
    assert facts["output"] == str(tmp_path / "home" / "adapters" / "output")
    assert json.loads(other.stdout)["style"] == "alpaca-ja"


def test_prepare_converts_in_the_quality_asked_for_and_says_how_workers_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_tiny(tmp_path / "tiny", "llama3")  # needs no kernels built
    monkeypatch.setenv("SWALLOW_MODEL", str(model))
    monkeypatch.setenv("SWALLOW_ENGINE", "openvino")

    done = swallow("prepare", "--quality", "best")

    assert done.returncode == 0, done.stderr
    assert "tiny is ready for the openvino engine." in done.stdout
    assert "Set SWALLOW_PRECISION=best, so that workers use this quality." in done.stdout
    (about,) = (tmp_path / "home" / "cache").glob("tiny-int4-*/about.json")
    assert json.loads(about.read_text("utf-8"))["quality"] == "best"


def test_a_calibration_that_is_not_there_is_refused_and_nothing_is_converted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_MODEL", str(write_tiny(tmp_path / "tiny", "llama2")))
    monkeypatch.setenv("SWALLOW_CALIBRATION", "/no/such")

    done = swallow("prepare", "--quality", "balanced")

    assert done.returncode == 1
    assert done.stderr.startswith("swallow: SWALLOW_CALIBRATION=/no/such cannot be used: ")
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "home").glob("cache/tiny*"))


def test_status_says_that_slack_refuses_the_bot_and_how_a_worker_s_weights_are_rounded(
    redis: Redis, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    record_no_access(redis, "token_revoked")
    worker = Worker("w", ("answers",), model="swallow", engine="openvino", precision="int4 (best)")
    Workers(redis).announce(worker)

    done = swallow("status")

    assert "int4 (best)" in done.stdout
    assert "slack     refuses the bot (token_revoked): 0 jobs are kept" in done.stdout


def test_an_adapter_of_a_channel_is_shown_with_it_and_taken_back_there(
    redis: Redis, valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    AdaptersInUse(redis).set("faq@0", "CGENERAL")

    done = swallow("status")
    wrong = swallow("adapter", "off", "--channel", "#general")
    off = swallow("adapter", "off", "--channel", "CGENERAL")

    assert "adapter   none\n          faq in CGENERAL\n" in done.stdout
    assert wrong.returncode == 2
    assert "'#general' is not the id of a channel" in " ".join(wrong.stderr.split())
    assert off.stdout == "faq is off in CGENERAL.\n"


def test_forget_asks_first_removes_and_leaves_a_line_in_the_log(
    valkey: str, redis: Redis, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWALLOW_REDIS_URL", valkey)
    jobs.create("a", "answer", destination={"user": "UALICE"}, asked={"text": "secret"})

    unasked = swallow("forget", "UALICE")
    assert jobs.get("a")
    wrong = swallow("forget", "alice", "--yes")
    done = swallow("forget", "UALICE", "--yes", "--json")
    again = swallow("forget", "UALICE", "--yes")

    assert (unasked.returncode, wrong.returncode) == (2, 2)
    assert "add --yes" in unasked.stderr
    assert "'alice' is not a Slack user id" in " ".join(wrong.stderr.split())
    counts = {"jobs": 1, "ended": 1, "turns": 0, "threads": 0, "rows": 0, "votes": 0}
    assert json.loads(done.stdout) == {**counts, "adapters": []}
    assert (again.returncode, again.stdout) == (0, "Nothing is kept of UALICE.\n")
    lines = (tmp_path / "home" / "audit.jsonl").read_text("utf-8").splitlines()
    first, second = map(json.loads, lines)
    assert first["who"].startswith("operator:")
    assert (first["action"], first["target"], first["records"]) == ("forget", "UALICE", 1)
    assert "records" not in second
    assert "secret" not in lines[0]
