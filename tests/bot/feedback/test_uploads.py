"""An admin sends a data set; a real bot at the local workspace."""

import json
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from tests.bot.conftest import Serve, until
from tests.bot.feedback.conftest import Teacher

ROWS = [
    {"instruction": "空は？", "output": "青い"},
    {"instruction": "空は？", "output": "青い"},
    {"instruction": "海は？", "output": ""},
    {"instruction": "森は？", "output": "緑"},
]


async def send(teacher: Teacher, content: str, name: str, text: str, user: str = "UADMIN") -> str:
    """Send a file in a direct message; returns the channel."""
    client = AsyncWebClient(teacher.workspace.tokens.of(user), base_url=teacher.workspace.api_url)
    channel = f"D{user[1:]}"
    await client.files_upload_v2(
        content=content.encode(), filename=name, channel=channel, initial_comment=text
    )
    return channel


async def test_a_data_set_is_checked_and_kept_beside_those_that_are_there(
    serve: Serve, teacher: Teacher, home: Path
) -> None:
    lines = "".join(f"{json.dumps(row)}\n" for row in ROWS)
    async with serve(feedback="on"):
        await send(teacher, lines, "rows.jsonl", "dataset 空")
        first = await teacher.sees("`空`", "DADMIN")
        await send(teacher, json.dumps(ROWS[::3]), "rows.json", "データセット 空")
        await teacher.sees("空-2", "DADMIN")
        csv = "instruction,output\n猫は？,鳴く\n"
        await send(teacher, csv, "cats.CSV", "dataset cats")
        await teacher.sees("`cats`", "DADMIN")
        await send(teacher, csv, "cats.csv", "dataset exam")
        await teacher.sees("This is the team's exam", "DADMIN")

    assert "2行" in first["text"] or "2 of 4 rows" in first["text"]
    kept = (home / "datasets" / "空.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["output"] for line in kept] == ["青い", "緑"]
    assert json.loads(kept[0]) == {"instruction": "空は？", "input": "", "output": "青い"}
    assert {path.name for path in (home / "datasets").iterdir()} == {
        "空.jsonl",
        "空-2.jsonl",
        "cats.jsonl",
        "exam.jsonl",
    }


async def test_what_cannot_be_kept_is_said(serve: Serve, teacher: Teacher, home: Path) -> None:
    async with serve(feedback="on"):
        for content, name, text, told in (
            ("{}", "rows.jsonl", "dataset ../x", "`../x` cannot name a data set"),
            ("{}", "rows.jsonl", "dataset feedback", "`feedback` cannot name"),
            ("{}", "rows.jsonl", "dataset", "Say the data set's name too"),
            ("{}", "rows.exe", "dataset x", "is not taken"),
            ("no json", "rows.jsonl", "dataset x", "not valid JSON"),
            ('{"question": 1}', "rows.jsonl", "dataset x", "has the keys question"),
        ):
            await send(teacher, content, name, text)
            await teacher.told(told, "UADMIN", "DADMIN")

    assert not list((home / "datasets").iterdir())


async def test_who_is_no_admin_sends_none_and_a_question_with_a_file_stays_one(
    serve: Serve, teacher: Teacher, home: Path
) -> None:
    async with serve(feedback="on"):
        await send(teacher, json.dumps(ROWS), "rows.json", "dataset x", "UBOB")
        await teacher.told("admin", "UBOB", "DBOB")
        await send(teacher, "a text", "a.txt", "dataset of what?", "UBOB")

        async def asked() -> bool:
            return bool(teacher.jobs.open("answer"))

        await until(asked, "a question")

    assert not (home / "datasets").exists()
