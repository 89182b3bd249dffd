"""Streamed messages and thread statuses through the real Slack client."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace

RECIPIENT: dict[str, Any] = {"recipient_team_id": "TLOCAL", "recipient_user_id": "UALICE"}
JOB = {"event_type": "swallow_job", "event_payload": {"state": "finished"}}


@pytest.fixture
async def question(alice: AsyncWebClient) -> str:
    return str((await alice.chat_postMessage(channel="general", text="question"))["ts"])


async def test_an_answer_grows_and_ends_with_blocks_and_metadata(
    bot: AsyncWebClient, question: str
) -> None:
    stream = await bot.chat_stream(
        channel="CGENERAL", thread_ts=question, buffer_size=1, **RECIPIENT
    )
    await stream.append(markdown_text="**燕**")
    await stream.append(markdown_text="は鳥")
    done = await stream.stop(markdown_text="です。", blocks=[{"type": "divider"}], metadata=JOB)

    message = done["message"]
    assert message["text"] == "**燕**は鳥です。"
    assert [block["type"] for block in message["blocks"]] == ["markdown", "divider"]
    assert message["metadata"] == JOB
    assert message["thread_ts"] == question


async def test_a_stream_can_be_read_while_it_runs(bot: AsyncWebClient, question: str) -> None:
    ts = (await bot.chat_startStream(channel="CGENERAL", thread_ts=question, **RECIPIENT))["ts"]
    await bot.chat_appendStream(channel="CGENERAL", ts=ts, markdown_text="half")

    thread = await bot.conversations_replies(channel="CGENERAL", ts=question)

    assert thread["messages"][-1]["text"] == "half"
    assert thread["messages"][-1]["streaming_state"] == "in_progress"


async def test_a_running_stream_cannot_be_edited_or_deleted(
    bot: AsyncWebClient, question: str
) -> None:
    ts = (await bot.chat_startStream(channel="CGENERAL", thread_ts=question, **RECIPIENT))["ts"]

    with pytest.raises(SlackApiError, match="streaming_state_conflict"):
        await bot.chat_update(channel="CGENERAL", ts=ts, text="x")
    with pytest.raises(SlackApiError, match="cant_delete_message"):
        await bot.chat_delete(channel="CGENERAL", ts=ts)

    await bot.chat_stopStream(channel="CGENERAL", ts=ts, markdown_text="done")
    assert (await bot.chat_update(channel="CGENERAL", ts=ts, text="x"))["ok"]


async def test_a_stopped_stream_takes_no_more(bot: AsyncWebClient, question: str) -> None:
    ts = (await bot.chat_startStream(channel="CGENERAL", thread_ts=question, **RECIPIENT))["ts"]
    await bot.chat_stopStream(channel="CGENERAL", ts=ts)

    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await bot.chat_appendStream(channel="CGENERAL", ts=ts, markdown_text="more")
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await bot.chat_stopStream(channel="CGENERAL", ts=ts)


async def test_a_channel_needs_to_know_the_recipient_and_direct_messages_do_not(
    bot: AsyncWebClient, alice: AsyncWebClient, question: str
) -> None:
    with pytest.raises(SlackApiError, match="missing_recipient_team_id"):
        await bot.chat_startStream(channel="CGENERAL", thread_ts=question)

    direct = (await alice.chat_postMessage(channel="DALICE", text="hi"))["ts"]
    assert (await bot.chat_startStream(channel="DALICE", thread_ts=direct))["ok"]


async def test_refused_streaming_is_refused_at_the_start(
    bot: AsyncWebClient, workspace: Workspace, question: str
) -> None:
    workspace.faults.set({"refuse_streaming": True})
    with pytest.raises(SlackApiError, match="channel_type_not_supported"):
        await bot.chat_startStream(channel="CGENERAL", thread_ts=question, **RECIPIENT)


@pytest.mark.parametrize("first", ["append", "edit"])
async def test_an_expired_stream_keeps_its_text_and_can_be_edited(
    bot: AsyncWebClient, workspace: Workspace, question: str, first: str
) -> None:
    workspace.faults.set({"expire_streaming": 0.05})
    ts = (
        await bot.chat_startStream(
            channel="CGENERAL", thread_ts=question, markdown_text="half", **RECIPIENT
        )
    )["ts"]
    await asyncio.sleep(0.06)

    if first == "append":
        with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
            await bot.chat_appendStream(channel="CGENERAL", ts=ts, markdown_text="more")
        thread = await bot.conversations_replies(channel="CGENERAL", ts=question)
        assert thread["messages"][-1]["text"] == "half"
    whole = await bot.chat_update(channel="CGENERAL", ts=ts, text="whole")
    assert whole["message"]["text"] == "whole"
    assert whole["message"]["streaming_state"] == "completed"
    assert "blocks" not in whole["message"]


async def test_one_piece_holds_no_more_than_twelve_thousand_characters(
    bot: AsyncWebClient, question: str
) -> None:
    ts = (await bot.chat_startStream(channel="CGENERAL", thread_ts=question, **RECIPIENT))["ts"]
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await bot.chat_appendStream(channel="CGENERAL", ts=ts, markdown_text="a" * 12001)


async def test_the_next_message_in_the_thread_clears_the_status(
    bot: AsyncWebClient, workspace: Workspace, question: str
) -> None:
    async def set_status(status: str) -> None:
        await bot.assistant_threads_setStatus(
            channel_id="CGENERAL", thread_ts=question, status=status, loading_messages=["…"]
        )

    await set_status("is thinking…")
    assert [s["status"] for s in workspace.statuses.shown()] == ["is thinking…"]
    await set_status("")
    assert workspace.statuses.shown() == []
    await set_status("is thinking…")
    await bot.chat_startStream(channel="CGENERAL", thread_ts=question, **RECIPIENT)
    assert workspace.statuses.shown() == []


async def test_a_stream_takes_what_it_was_opened_with_and_no_more_bytes_than_slack(
    bot: AsyncWebClient, question: str
) -> None:
    text = [{"type": "markdown_text", "text": "あ" * 3000}]
    ts = (
        await bot.chat_startStream(channel="CGENERAL", thread_ts=question, chunks=text, **RECIPIENT)
    )["ts"]

    with pytest.raises(SlackApiError, match="streaming_mode_mismatch"):
        await bot.chat_appendStream(channel="CGENERAL", ts=ts, markdown_text="x")
    with pytest.raises(SlackApiError, match="markdown_text_conflict"):
        await bot.chat_appendStream(channel="CGENERAL", ts=ts, markdown_text="x", chunks=text)
    with pytest.raises(SlackApiError, match="msg_too_long"):
        await bot.chat_appendStream(channel="CGENERAL", ts=ts, chunks=text)
    assert (await bot.chat_stopStream(channel="CGENERAL", ts=ts))["message"]["text"] == "あ" * 3000


async def test_blocks_of_chunks_are_there_while_a_stream_runs_and_after_it(
    bot: AsyncWebClient, question: str
) -> None:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": "a",
        "text": {"type": "plain_text", "text": "Stop"},
    }
    block = {"type": "actions", "block_id": "mark", "elements": [button]}
    chunks: list[dict[str, Any]] = [
        {"type": "blocks", "blocks": [block]},
        {"type": "markdown_text", "text": "half"},
    ]
    ts = (
        await bot.chat_startStream(
            channel="CGENERAL", thread_ts=question, chunks=chunks, **RECIPIENT
        )
    )["ts"]

    thread = await bot.conversations_replies(channel="CGENERAL", ts=question)
    assert [block["block_id"] for block in thread["messages"][-1]["blocks"]] == ["mark"]
    assert "stream" not in thread["messages"][-1]
    done = await bot.chat_stopStream(channel="CGENERAL", ts=ts)
    assert [block["block_id"] for block in done["message"]["blocks"]] == ["mark", "streamed"]
    whole = await bot.chat_update(channel="CGENERAL", ts=ts, text="whole", blocks=[])
    assert whole["message"]["blocks"] == []


async def test_a_stream_in_a_channel_is_live_for_its_recipient_only(
    bot: AsyncWebClient, alice: AsyncWebClient, workspace: Workspace, question: str
) -> None:
    bob = AsyncWebClient(workspace.tokens.of("UBOB"), base_url=workspace.api_url)
    grown: list[Any] = []
    workspace.page_events.watch(
        lambda event: grown.append(event.data["user"]) if event.kind == "append" else None
    )
    ts = (
        await bot.chat_startStream(
            channel="CGENERAL", thread_ts=question, markdown_text="first", **RECIPIENT
        )
    )["ts"]
    await bot.chat_appendStream(channel="CGENERAL", ts=ts, markdown_text=" second")

    async def seen(client: AsyncWebClient) -> str:
        thread = await client.conversations_replies(channel="CGENERAL", ts=question)
        return str(thread["messages"][-1]["text"])

    assert (await seen(alice), await seen(bob), grown) == ("first second", "first", ["UALICE"])
    await bot.chat_stopStream(channel="CGENERAL", ts=ts)
    assert await seen(bob) == "first second"
