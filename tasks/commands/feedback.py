"""`swallow feedback`: the rows that people propose, which of them is approved, and what becomes of
them. It works whether or not the bot collects any."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tasks.admin_act import admin_act
from tasks.commands.terminal.output import age, as_json, print_json, print_table, printable
from tasks.commands.terminal.text_or_file import text_of

if TYPE_CHECKING:
    from tasks.feedback.row import FeedbackRow
    from tasks.feedback.store import Feedback

SHOWN_CHARACTERS = 40
"""What a list shows of a question and of an answer."""

state_option = click.option(
    "--state", type=click.Choice(["proposed", "approved"]), help="Only those."
)
use_option = click.option(
    "--use", type=click.Choice(["training", "exam"]), help="Only those approved for it."
)


@click.group()
def feedback() -> None:
    """List, add, approve, remove, export and import rows that people propose."""


@feedback.command("list")
@state_option
@use_option
@click.option("--author", help="Only this person's: a Slack user id, or operator:NAME.")
@as_json
def list_(state: str | None, use: str | None, author: str | None, as_json: bool) -> None:
    """List the rows, oldest first."""
    with _connected() as store:
        rows = store.rows(state, use, author)  # type: ignore[arg-type]
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    print_table(
        ["row", "kind", "state", "author", "age", "question", "answer"],
        [
            (row.id, row.kind, row.use or row.state, row.author, age(row.created), *_shown(row))
            for row in rows
        ],
        "No rows of feedback.",
    )


@feedback.command()
@click.argument("id")
@as_json
def show(id: str, as_json: bool) -> None:
    """Show one row."""
    from tasks.errors import NoSuchRow

    with _connected() as store:
        row = store.get(id)
    if row is None:
        raise NoSuchRow(f"There is no row {id!r}; `swallow feedback list` shows them.")
    if as_json:
        print_json(asdict(row))
        return
    for name, value in asdict(row).items():
        if value:
            shown = " ".join(value) if name == "others" else printable(str(value))
            click.echo(f"{name + ':':<13}{shown}")


@feedback.command()
@click.option("--instruction", required=True, help="The question: the text, or a file.")
@click.option("--input", "input_", default="", help="Material for it: the text, or a file.")
@click.option("--output", required=True, help="The right answer: the text, or a file.")
@click.option("--rejected", default="", help="A wrong answer that was given: the text, or a file.")
@as_json
def add(instruction: str, input_: str, output: str, rejected: str, as_json: bool) -> None:
    """Propose a row; one of yours that asks the same and is not approved yet is replaced."""
    from tasks.audit import operator
    from tasks.errors import RowTaken
    from tasks.feedback.row import FeedbackRow, row_id
    from trainer.data.questions import question_key

    question, material = text_of(instruction), text_of(input_)
    row = FeedbackRow(
        id=row_id("typed", operator(), question_key(question, material)),
        kind="typed",
        instruction=question,
        input=material,
        output=text_of(output),
        rejected=text_of(rejected),
        author=operator(),
    )
    with _connected() as store:
        if not store.propose(row):
            raise RowTaken(
                f"Your row {row.id} asks the same and is approved; to replace it, remove it first."
            )
    _say(as_json, {"row": row.id}, f"Proposed {row.id}; `swallow feedback approve` approves it.")


@feedback.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "all_", is_flag=True, help="Every row that is proposed.")
@click.option("--exam", is_flag=True, help="To examine adapters on, never to learn from.")
@as_json
def approve(ids: Sequence[str], all_: bool, exam: bool, as_json: bool) -> None:
    """Approve proposed rows for training, or for the exam; liked answers are for the exam."""
    from tasks.audit import operator

    _check_chosen(ids, all_)
    with admin_act("feedback approve", _target(ids)) as act, _connected() as store:
        wanted = [row.id for row in store.rows("proposed")] if all_ else ids
        done = store.approve(wanted, operator(), exam=exam)
        act.outcome = "done" if done or all_ else "failed"
        uses = [row.use for id in done if (row := store.get(id))]
    training, examined = uses.count("training"), uses.count("exam")
    left = ", ".join(dict.fromkeys(id for id in wanted if id not in done))
    others = f" Not proposed: {left}; `swallow feedback list --state proposed` shows what is."
    _say(
        as_json,
        {"approved": done, "training": training, "exam": examined},
        f"Approved {len(done)} of {len(set(wanted))} rows: {training} to learn from, "
        f"{examined} for the exam.{others if left else ''}",
    )


@feedback.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json
def remove(ids: Sequence[str], yes: bool, as_json: bool) -> None:
    """Remove rows for good, also from data sets, trainings' files and job records."""
    from tasks.audit import operator
    from tasks.broker.connection import jobs_of, reachable
    from tasks.feedback import removal
    from tasks.settings import settings

    with admin_act("feedback remove", _target(ids)) as act, reachable(settings()):
        if not yes:
            click.confirm(f"Remove {len(ids)} rows for good?", abort=True)
        jobs = jobs_of(settings(), patience=1)
        done = removal.remove(jobs, ids, settings().home, operator())
        act.outcome = "done" if done.ids or done.files else "failed"
    if as_json:
        adapters = [asdict(adapter) for adapter in done.adapters]
        print_json({"removed": done.ids, "files": list(map(str, done.files)), "adapters": adapters})
        return
    click.echo(f"Removed {len(done.ids)} of {len(set(ids))} rows; {len(done.files)} files changed.")
    for adapter in done.adapters:
        how = "learned from" if adapter.rows else "was examined on"
        count = len(adapter.rows or adapter.exam_rows)
        click.echo(
            f"The adapter {adapter.name} {how} {count} of them and stays: "
            f"`swallow adapter remove {adapter.name}` removes it."
        )


@feedback.command()
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@state_option
@use_option
def export(file: Path, state: str | None, use: str | None) -> None:
    """Write rows to a new FILE as lines of JSON, with who proposed and approved them (- prints)."""
    from tasks.feedback.exchange import line_of
    from trainer.files import writing

    with _connected() as store:
        rows = store.rows(state, use)  # type: ignore[arg-type]
    text = "".join(f"{line_of(row)}\n" for row in rows)
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    with writing(file.parent):
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise click.UsageError(f"{file} exists; name a new file.") from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
            opened.write(text)
    click.echo(f"Wrote {len(rows)} rows to {file}.")


@feedback.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def import_(file: Path, as_json: bool) -> None:
    """Propose the rows of a JSON, JSONL or CSV FILE; approved ones stay as they are."""
    from tasks.audit import operator
    from tasks.feedback.exchange import read_rows

    found = read_rows(file, operator())
    with _connected() as store:
        proposed = store.propose_all(found.rows.values())
    stay = len(found.rows) - len(proposed)
    reasons = "".join(f", {count} {why}" for why, count in found.dropped.items())
    _say(
        as_json,
        {"proposed": proposed, "stay": stay, "dropped": dict(found.dropped)},
        f"Proposed {len(proposed)} rows; {stay} stay as they are{reasons}. "
        "`swallow feedback approve --all` approves what is proposed.",
    )


@contextmanager
def _connected() -> "Iterator[Feedback]":
    """Give the rows of a broker that answers.

    Raises:
        BrokerAway: it does not answer.
    """
    from tasks.broker.connection import connect, reachable
    from tasks.feedback.store import Feedback
    from tasks.settings import settings

    with reachable(settings()):
        yield Feedback(connect(settings(), patience=1))


def _check_chosen(ids: Sequence[str], all_: bool) -> None:
    if bool(ids) == all_:
        raise click.UsageError("Name rows by their ids, or --all.")


def _target(ids: Sequence[str]) -> str:
    return " ".join(ids[:10]) + (f" and {len(ids) - 10} more" if len(ids) > 10 else "")


def _shown(row: "FeedbackRow") -> list[str]:
    return [_shortened(f"{row.instruction} {row.input}"), _shortened(row.output)]


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"


def _say(as_json: bool, value: object, text: str) -> None:
    if as_json:
        print_json(value)
    else:
        click.echo(text)
