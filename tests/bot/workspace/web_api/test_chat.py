"""Posting, editing and deleting messages through the real Slack client."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.state.channels import channel_named
from bot.workspace.workspace import Workspace

JOB = {"event_type": "swallow_job", "event_payload": {"job": "j1", "state": "queued"}}


def error_of(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


async def test_a_person_speaks_and_the_bot_reads_it(
    alice: AsyncWebClient, bot: AsyncWebClient
) -> None:
    posted = await alice.chat_postMessage(channel="general", text="1 &lt; 2")

    history = await bot.conversations_history(channel="CGENERAL")

    assert posted["channel"] == "CGENERAL"
    assert [(m["user"], m["text"]) for m in history["messages"]] == [("UALICE", "1 &lt; 2")]


async def test_a_reply_joins_the_thread_even_when_it_names_another_reply(
    alice: AsyncWebClient, bot: AsyncWebClient
) -> None:
    root = (await alice.chat_postMessage(channel="general", text="question"))["ts"]
    first = (await bot.chat_postMessage(channel="CGENERAL", thread_ts=root, text="one"))["ts"]
    await alice.chat_postMessage(channel="CGENERAL", thread_ts=first, text="two")

    thread = (await bot.conversations_replies(channel="CGENERAL", ts=root))["messages"]
    top = (await bot.conversations_history(channel="CGENERAL"))["messages"]

    assert [m["text"] for m in thread] == ["question", "one", "two"]
    assert [m["text"] for m in top] == ["question"]
    assert top[0]["reply_count"] == 2
    assert top[0]["reply_users"] == ["UBOT", "UALICE"]
    assert top[0]["latest_reply"] == thread[-1]["ts"]


async def test_a_reply_to_nothing_is_refused(bot: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await bot.chat_postMessage(channel="CGENERAL", thread_ts="1.000001", text="hello?")
    assert error_of(caught) == "thread_not_found"


async def test_metadata_is_shown_only_to_those_who_ask(bot: AsyncWebClient) -> None:
    await bot.chat_postMessage(channel="CGENERAL", text="working", metadata=JOB)

    plain = await bot.conversations_history(channel="CGENERAL")
    asked = await bot.conversations_history(channel="CGENERAL", include_all_metadata=True)

    assert "metadata" not in plain["messages"][0]
    assert asked["messages"][0]["metadata"] == JOB


async def test_an_update_keeps_blocks_and_metadata_that_it_does_not_name(
    bot: AsyncWebClient,
) -> None:
    divider = [{"type": "divider", "block_id": "d"}]
    ts = (await bot.chat_postMessage(channel="CGENERAL", text="a", blocks=divider, metadata=JOB))[
        "ts"
    ]

    kept = await bot.chat_update(channel="CGENERAL", ts=ts, text="b")
    cleared = await bot.chat_update(channel="CGENERAL", ts=ts, text="c", blocks=[])

    assert (kept["text"], kept["message"]["blocks"]) == ("b", divider)
    assert kept["message"]["metadata"] == JOB
    assert cleared["message"]["blocks"] == []


async def test_nobody_edits_or_deletes_what_another_said(
    alice: AsyncWebClient, bot: AsyncWebClient
) -> None:
    ts = (await alice.chat_postMessage(channel="general", text="mine"))["ts"]

    with pytest.raises(SlackApiError) as updating:
        await bot.chat_update(channel="CGENERAL", ts=ts, text="yours")
    with pytest.raises(SlackApiError) as deleting:
        await bot.chat_delete(channel="CGENERAL", ts=ts)

    assert error_of(updating) == "cant_update_message"
    assert error_of(deleting) == "cant_delete_message"


async def test_a_deleted_message_is_gone_but_one_with_replies_leaves_a_tombstone(
    bot: AsyncWebClient,
) -> None:
    lonely = (await bot.chat_postMessage(channel="CGENERAL", text="lonely"))["ts"]
    root = (await bot.chat_postMessage(channel="CGENERAL", text="root"))["ts"]
    await bot.chat_postMessage(channel="CGENERAL", thread_ts=root, text="reply")

    await bot.chat_delete(channel="CGENERAL", ts=lonely)
    await bot.chat_delete(channel="CGENERAL", ts=root)

    left = (await bot.conversations_history(channel="CGENERAL"))["messages"]
    assert [(m["ts"], m["subtype"], m["reply_count"]) for m in left] == [(root, "tombstone", 1)]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "CGENERAL"}, "no_text"),
        ({"channel": "CGENERAL", "text": ""}, "no_text"),
        ({"channel": "CNOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": "", "text": "x"}, "channel_not_found"),
        ({"channel": "CGENERAL", "text": "あ" * 4001}, "msg_too_long"),
        ({"channel": "CGENERAL", "markdown_text": "a" * 12001}, "msg_too_long"),
        ({"channel": "CGENERAL", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": "CGENERAL", "text": "x", "blocks": {"a": 1}}, "invalid_blocks_format"),
        ({"channel": "CGENERAL", "text": "x", "metadata": "no"}, "invalid_metadata_format"),
        ({"channel": "CGENERAL", "text": "x", "metadata": {"a": 1}}, "invalid_metadata_schema"),
        ({"channel": ["C"], "text": "x"}, "invalid_arguments"),
    ],
)
async def test_a_bad_post_is_refused_with_the_error_slack_gives(
    bot: AsyncWebClient, arguments: dict[str, object], error: str
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await bot.api_call("chat.postMessage", json=arguments)
    assert error_of(caught) == error


async def test_exactly_four_thousand_characters_fit(bot: AsyncWebClient) -> None:
    assert (await bot.chat_postMessage(channel="CGENERAL", text="あ" * 4000))["ok"]


async def test_an_ephemeral_message_is_seen_by_one_person_only(
    bot: AsyncWebClient, workspace: Workspace
) -> None:
    sent = await bot.chat_postEphemeral(channel="CGENERAL", user="UALICE", text="psst")

    general = channel_named("general")
    whispers = workspace.conversations.ephemeral(general, "UALICE")
    assert [(m["ts"], m["text"]) for m in whispers] == [(sent["message_ts"], "psst")]
    assert workspace.conversations.ephemeral(general, "UBOB") == []
    assert (await bot.conversations_history(channel="CGENERAL"))["messages"] == []


async def test_the_same_call_works_as_json_as_a_form_and_as_a_query(
    workspace: Workspace, http: aiohttp.ClientSession, bot: AsyncWebClient
) -> None:
    address = workspace.api_url + "chat.postMessage"
    call = {"channel": "CGENERAL", "text": "x", "token": workspace.tokens.bot}
    bearer = {"Authorization": f"Bearer {workspace.tokens.bot}"}

    async with http.post(address, json={"channel": "CGENERAL", "text": "x"}, headers=bearer) as r:
        assert (await r.json())["ok"]
    async with http.post(address, data=call) as r:
        assert (await r.json())["ok"]
    async with http.get(address, params=call) as r:
        assert (await r.json())["ok"]
    assert len((await bot.conversations_history(channel="CGENERAL"))["messages"]) == 3


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"{", "application/json", "invalid_json"),
        (b"[" * 100_000, "application/json", "invalid_json"),
        (b"[]", "application/json", "json_not_object"),
        (b"\xff\xfe", "application/json", "invalid_charset"),
        (b"{}", "application/json; charset=nonsense", "invalid_charset"),
        (b"nonsense", "multipart/form-data", "invalid_form_data"),
        (b"\xff=\xff", "application/x-www-form-urlencoded", "invalid_charset"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused_and_never_a_crash(
    workspace: Workspace, http: aiohttp.ClientSession, body: bytes, kind: str, error: str
) -> None:
    address = workspace.api_url + "chat.postMessage"
    async with http.post(address, data=body, headers={"Content-Type": kind}) as response:
        assert response.status == 200
        assert await response.json() == {"ok": False, "error": error}


async def test_a_permalink_leads_to_the_page(bot: AsyncWebClient, workspace: Workspace) -> None:
    ts = (await bot.chat_postMessage(channel="CGENERAL", text="x"))["ts"]
    link = await bot.chat_getPermalink(channel="CGENERAL", message_ts=ts)
    assert link["permalink"] == f"{workspace.url}/#CGENERAL/{ts}"
