"""The page where the app is an agent: prompts, the title of a thread, and Stop."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, Json
from tests.bot.workspace.page.conftest import PHONE, Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROMPTS = [{"title": f"質問 {n}", "message": f"質問 {n} <@UBOB>"} for n in range(4)]


@pytest.mark.parametrize("phone", [False, True])
async def test_a_prompt_is_asked_and_its_answer_stopped(
    phone: bool, open_page: Open, app: AsyncApp, connect: Connect, workspace: Workspace
) -> None:
    workspace.is_agent = True
    stopped: list[Json] = []

    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        if event["tab"] == "messages":
            await client.assistant_threads_setSuggestedPrompts(
                channel_id=event["channel"], title="たとえば", prompts=PROMPTS
            )

    @app.event("message")
    async def asked(event: Json, client: AsyncWebClient) -> None:
        where: Any = {"channel_id": event["channel"], "thread_ts": event["ts"]}
        await client.agents_sessions_setStatus(**where, status="processing", title="<b>題名</b>")

    @app.event("agent_session_stopped")
    async def stop(event: Json, client: AsyncWebClient) -> None:
        stopped.append(event)
        where: Any = {"channel_id": event["channel"], "thread_ts": event["thread_ts"]}
        await client.agents_sessions_setStatus(**where, status="active")

    async with connect(app):
        page = await open_page(phone=phone, locale="ja-JP", at="#DALICE")
        prompts = page.get_by_test_id("prompts")
        await expect(prompts.get_by_role("button")).to_have_count(4)
        await expect(prompts).to_contain_text("たとえば")
        await prompts.get_by_role("button", name="質問 2").click()
        question = page.get_by_test_id("message").last
        await expect(question).to_contain_text("質問 2 <@UBOB>")  # data, and no mention
        if phone:
            await question.get_by_test_id("open-thread").first.click()
        await expect(page.get_by_test_id("thread-title")).to_have_text("<b>題名</b>")
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"] or (
            not phone
        )
        await page.get_by_test_id("session-stop").click()
        await expect(page.get_by_test_id("session-stop")).to_be_hidden()
        await expect(page.get_by_test_id("status")).to_be_hidden()
    assert [(event["user"], event["channel"]) for event in stopped] == [("UALICE", "DALICE")]
