"""Uploading and reading files through the real Slack client and over HTTP."""

from __future__ import annotations

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, Json, soon


def bearer_of(client: AsyncWebClient) -> dict[str, str]:
    """The header that carries a client's token."""
    return {"Authorization": f"Bearer {client.token}"}


async def test_a_person_sends_a_text_file_along_with_a_question(
    alice: AsyncWebClient, bot: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    await alice.files_upload_v2(
        content="長い文章".encode(),
        filename="文章.txt",
        channel="CGENERAL",
        initial_comment="<@UBOT> 要約して",
    )

    message = (await bot.conversations_history(channel="CGENERAL"))["messages"][0]
    (file,) = message["files"]
    assert (message["subtype"], message["text"]) == ("file_share", "<@UBOT> 要約して")
    assert (file["name"], file["mimetype"], file["size"]) == ("文章.txt", "text/plain", 12)

    async with http.get(file["url_private"], headers=bearer_of(bot)) as response:
        assert await response.text() == "長い文章"


async def test_a_data_set_sent_in_a_direct_message_reaches_the_bot(
    app: AsyncApp,
    connect: Connect,
    alice: AsyncWebClient,
    bot: AsyncWebClient,
    http: aiohttp.ClientSession,
) -> None:
    heard: list[Json] = []

    @app.event("message")
    async def said(event: Json) -> None:
        heard.append(event)

    rows = '{"instruction": "質問", "output": "答え"}\n'.encode()
    async with connect(app):
        await alice.files_upload_v2(
            content=rows, filename="rows.jsonl", channel="DALICE", initial_comment="dataset rows"
        )
        await soon(lambda: heard)

    (event,) = heard
    assert (event["type"], event["subtype"]) == ("message", "file_share")
    assert (event["channel"], event["channel_type"]) == ("DALICE", "im")
    assert (event["user"], event["text"]) == ("UALICE", "dataset rows")
    (file,) = event["files"]
    assert (file["name"], file["size"], file["user"]) == ("rows.jsonl", len(rows), "UALICE")
    async with http.get(file["url_private_download"], headers=bearer_of(bot)) as response:
        assert await response.read() == rows


async def test_a_file_is_not_given_to_those_without_a_token(
    bot: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    done = await bot.files_upload_v2(content=b"x", filename="x.txt", channel="CGENERAL")
    async with http.get(done["files"][0]["url_private"]) as response:
        assert response.status == 403


async def test_what_could_run_in_a_browser_is_only_ever_downloaded(
    bot: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    done = await bot.files_upload_v2(content=b"<script>", filename="x.html", channel="CGENERAL")
    address = done["files"][0]["url_private"]
    async with http.get(address, headers=bearer_of(bot)) as response:
        assert response.content_type == "application/octet-stream"
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_nobody_completes_the_upload_of_another(
    alice: AsyncWebClient, bot: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    announced = await alice.files_getUploadURLExternal(filename="x.txt", length=1)
    async with http.post(announced["upload_url"], data=b"x") as response:
        assert await response.text() == "OK - 1"
    with pytest.raises(SlackApiError, match="file_not_found"):
        await bot.files_completeUploadExternal(files=[{"id": announced["file_id"]}])


async def test_a_file_that_was_never_sent_cannot_be_shared(bot: AsyncWebClient) -> None:
    announced = await bot.files_getUploadURLExternal(filename="x.txt", length=1)
    with pytest.raises(SlackApiError, match="file_not_found"):
        await bot.files_completeUploadExternal(
            files=[{"id": announced["file_id"]}], channel_id="CGENERAL"
        )


async def test_a_file_with_a_strange_name_is_still_a_file(
    workspace: Workspace, bot: AsyncWebClient, http: aiohttp.ClientSession
) -> None:
    done = await bot.files_upload_v2(
        content=b"x", filename="../../etc/\r\nX: y\ud800", channel="CGENERAL"
    )
    address = done["files"][0]["url_private"]
    assert address.startswith(f"{workspace.url}/files/F")
    async with http.get(address, headers=bearer_of(bot)) as response:
        assert response.status == 200
