"""What only an agent may call, and what of it is refused."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_plain_app_has_no_sessions(workspace: Workspace, bot: AsyncWebClient) -> None:
    answer = await bot.auth_test()
    assert "assistant:write" not in answer.headers["X-OAuth-Scopes"]
    ts = (await bot.chat_postMessage(channel="CGENERAL", text="x"))["ts"]
    setting = bot.agents_sessions_setStatus(channel_id="CGENERAL", thread_ts=ts, status="active")
    assert await refusal(setting) == "feature_not_enabled"
    prompts = [{"title": "a", "message": "b"}]
    suggesting = bot.assistant_threads_setSuggestedPrompts(channel_id="DALICE", prompts=prompts)
    assert await refusal(suggesting) == "missing_scope"


async def test_a_session_keeps_its_first_title_until_it_is_renamed(
    workspace: Workspace, bot: AsyncWebClient
) -> None:
    workspace.is_agent = True
    assert "assistant:write" in (await bot.auth_test()).headers["X-OAuth-Scopes"]
    ts = (await bot.chat_postMessage(channel="CGENERAL", text="x"))["ts"]
    where: Any = {"channel_id": "CGENERAL", "thread_ts": ts}
    renaming = bot.agents_sessions_rename(**where, title="a")
    assert await refusal(renaming) == "session_not_found"
    await bot.assistant_threads_setStatus(**where, status="is thinking")
    for title in ("first", "second"):
        set_ = await bot.agents_sessions_setStatus(**where, status="processing", title=title)
        assert set_["title"] == "first"
    assert workspace.statuses.shown() == []  # both are shown in one place
    assert (await bot.agents_sessions_rename(**where, title="third"))["title"] == "third"
    for wrong in (
        {"status": "thinking"},
        {"status": "active", "title": "x" * 201},
    ):
        setting = bot.agents_sessions_setStatus(**where, **wrong)
        assert await refusal(setting) == "invalid_arguments"
    nowhere = bot.agents_sessions_setStatus(channel_id="CGENERAL", status="active")
    assert await refusal(nowhere) == "invalid_thread_ts"


async def test_prompts_of_a_thread_are_dropped_and_too_many_refused(
    workspace: Workspace, bot: AsyncWebClient
) -> None:
    workspace.is_agent = True
    prompts = [{"title": "a", "message": "b"}]
    suggest = bot.assistant_threads_setSuggestedPrompts
    await suggest(channel_id="DALICE", thread_ts="1.1", prompts=prompts)
    assert workspace.sessions.prompts_of("UALICE")["prompts"] == []
    await suggest(channel_id="DALICE", prompts=prompts, title="t")
    assert workspace.sessions.prompts_of("UALICE") == {"title": "t", "prompts": prompts}
    assert await refusal(suggest(channel_id="DALICE", prompts=prompts * 5)) == "invalid_arguments"
    assert await refusal(suggest(channel_id="CGENERAL", prompts=prompts)) == "channel_not_found"
