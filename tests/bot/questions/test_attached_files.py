"""Attached files, fetched from a real local workspace."""

import asyncio
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import CannotAnswer
from bot.questions.attached_files import text_of_files
from bot.workspace.workspace import Workspace


def client(workspace: Workspace, token: str = "") -> AsyncWebClient:
    """A client of the workspace."""
    return AsyncWebClient(token=token or workspace.tokens.bot, base_url=workspace.api_url)


async def uploaded(workspace: Workspace, content: bytes, name: str) -> dict[str, Any]:
    """Upload a file as Alice and return what an event says of it."""
    alice = client(workspace, workspace.tokens.of("UALICE"))
    answer = await alice.files_upload_v2(
        file=content, filename=name, channel="CGENERAL", request_file_info=False
    )
    file = answer["files"][0]
    return {"name": name, "size": len(content), "url_private": file["url_private"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
async def test_an_attached_text_is_read_as_people_write_it(
    workspace: Workspace, encoding: str
) -> None:
    file = await uploaded(workspace, "議事録\n一行目\n".encode(encoding), "memo.txt")

    assert await text_of_files(client(workspace), [file]) == "議事録\n一行目"


@pytest.mark.parametrize(
    "change",
    [
        {"size": 300 * 1024},
        {"url_private": "https://files.evil.example/x"},
        {"url_private": "http://127.0.0.1:1/x"},
        {"url_private": "file:///etc/passwd"},
        {"url_private": ""},
        {"url_private": None, "size": None},
    ],
)
async def test_a_file_that_is_too_large_or_not_slacks_is_refused(
    workspace: Workspace, change: dict[str, Any]
) -> None:
    file = await uploaded(workspace, b"text", "memo.txt")

    with pytest.raises(CannotAnswer) as refused:
        await text_of_files(client(workspace), [file | change])

    assert refused.value.reason == "file"


async def test_a_picture_is_refused(workspace: Workspace) -> None:
    file = await uploaded(workspace, b"\x89PNG\r\n\x1a\n\x00\x00", "a.png")

    with pytest.raises(CannotAnswer):
        await text_of_files(client(workspace), [file])


async def test_files_have_one_limit_together(workspace: Workspace) -> None:
    files = [await uploaded(workspace, b"x" * 200 * 1024, f"{name}.txt") for name in "ab"]

    for claimed in ({}, {"size": 0}):  # what is read counts, whatever the event says of its size
        with pytest.raises(CannotAnswer) as refused:
            await text_of_files(client(workspace), [file | claimed for file in files])

        assert refused.value.values == {"name": "b.txt", "limit": 256}


async def test_files_are_fetched_through_the_proxy_of_the_client(workspace: Workspace) -> None:
    asked = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split()[1].decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntext")
        await writer.drain()
        writer.close()

    file = {"name": "a.txt", "size": 4, "url_private": f"{workspace.url}/files/F1/a.txt"}
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        behind_proxy = client(workspace)
        behind_proxy.proxy = f"http://127.0.0.1:{port}"

        assert await text_of_files(behind_proxy, [file]) == "text"

    assert asked == [file["url_private"]]
