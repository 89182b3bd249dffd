"""A person at the page who uses the shortcuts of a message; the tests act as the worker."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Locator, expect
from redis import Redis
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.workspace import Workspace
from tasks.broker.job import Job
from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import job_of, serve_at, until
from tests.bot.shortcuts.conftest import FACTS
from tests.bot.workspace.page.conftest import Open
from tests.bot.workspace.page.test_questions import picture

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENGLISH: dict[str, Any] = {
    "menu": {"summarise": "Summarise", "translate": "Translate", "ask": "Ask about this"},
    "titles": {"summarise": "Summary", "translate": "Translation", "ask": "Ask about this"},
    "share": "Share in the thread",
    "shared": "Shared in the thread.",
    "stop": "Stop",
    "question": "Question",
    "send": "Ask",
    "close": "Close",
    "said": "The office moves on Friday.",
    "begun": "On Friday",
    "rest": " we all move.",
}
JAPANESE: dict[str, Any] = {
    "menu": {"summarise": "要約", "translate": "翻訳", "ask": "これについて質問"},
    "titles": {"summarise": "要約", "translate": "翻訳", "ask": "これについて質問"},
    "share": "スレッドに共有",
    "shared": "スレッドに共有しました。",
    "stop": "停止",
    "question": "質問",
    "send": "質問する",
    "close": "閉じる",
    "said": "金曜日に引っ越します。",
    "begun": "その日は",
    "rest": "引っ越しがあります。",
}


async def begin(jobs: Jobs, text: str) -> tuple[Job, int]:
    """Take the question that waits, as the worker, and write the beginning of its answer."""
    job = await job_of(jobs, "answer")
    attempt = jobs.claim(job.id, "worker")
    assert attempt
    jobs.append(job.id, attempt, "text", {"text": text})
    return job, attempt


def finish(jobs: Jobs, job: Job, attempt: int, text: str) -> None:
    """Write the rest of an answer."""
    jobs.append(job.id, attempt, "text", {"text": text})
    jobs.finish(job.id, attempt, "finished", FACTS)


@pytest.mark.parametrize("phone", [False, True])
async def test_the_shortcuts_of_a_message_answer_in_a_form_and_what_is_shared_stands_in_the_thread(
    open_page: Open,
    workspace: Workspace,
    on_valkey: None,
    redis: Redis,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    phone: bool,
) -> None:
    words = JAPANESE if phone else ENGLISH
    async with serve_at(workspace, monkeypatch)():
        bob = AsyncWebClient(workspace.tokens.of("UBOB"), base_url=workspace.api_url)
        bot = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url)
        said = await bob.chat_postMessage(channel="CGENERAL", text=words["said"])
        page = await open_page(locale="ja-JP" if phone else "en-US", phone=phone)
        message = page.get_by_test_id("message").filter(has_text=words["said"]).first
        form = page.get_by_test_id("form")

        async def use(name: str) -> Locator:
            await message.hover()
            await message.get_by_test_id("more").click()
            entry = page.get_by_test_id("message-menu").get_by_role(
                "menuitem", name=words["menu"][name]
            )
            await expect(entry).to_be_visible()
            await picture(page, f"shortcuts-menu-{name}-{phone}")
            await entry.click()
            await expect(form.get_by_role("heading")).to_have_text(words["titles"][name])
            return form

        await use("summarise")
        job, attempt = await begin(jobs, words["begun"])
        await expect(form).to_contain_text(words["begun"])
        await expect(form.get_by_role("button", name=words["stop"])).to_be_visible()
        await picture(page, f"shortcuts-growing-{phone}")
        finish(jobs, job, attempt, words["rest"])
        await form.get_by_role("button", name=words["share"]).click()
        await expect(form).to_contain_text(words["shared"])
        await picture(page, f"shortcuts-shared-{phone}")
        await form.get_by_role("button", name=words["close"]).last.click()
        await expect(form).to_be_hidden()
        await expect(message.get_by_test_id("open-thread")).to_be_visible()

        await use("ask")
        await form.get_by_role("textbox", name=words["question"]).fill("When? いつ？")
        await picture(page, f"shortcuts-question-{phone}")
        await form.get_by_role("button", name=words["send"], exact=True).click()
        job, attempt = await begin(jobs, words["begun"])
        await expect(form).to_contain_text(words["begun"])
        finish(jobs, job, attempt, words["rest"])
        await expect(form.get_by_role("button", name=words["share"])).to_be_visible()
        await picture(page, f"shortcuts-answered-{phone}")
        await page.keyboard.press("Escape")
        await expect(form).to_be_hidden()

        await use("translate")
        into = (await job_of(jobs, "answer")).request["instruction"]
        await form.get_by_role("combobox").select_option("ja" if phone else "en")

        async def is_asked_anew() -> bool:
            return bool((await job_of(jobs, "answer")).request["instruction"] != into)

        await until(is_asked_anew, "another language")
        job, attempt = await begin(jobs, words["begun"])
        await expect(form).to_contain_text(words["begun"])
        await picture(page, f"shortcuts-translating-{phone}")
        await page.keyboard.press("Escape")
        await expect(form).to_be_hidden()
        finish(jobs, job, attempt, words["rest"])
        await delivered(jobs)

        thread = await bob.conversations_replies(channel="CGENERAL", ts=str(said["ts"]))
        assert len(thread["messages"]) == 2
        opened = await bot.conversations_open(users="UALICE")
        told = await bot.conversations_history(channel=str(opened["channel"]["id"]))
        assert len(told["messages"]) == 1
        assert words["begun"] + words["rest"] in told["messages"][0]["text"]
        if not phone:
            await page.get_by_test_id("direct").click()
            told_there = page.get_by_test_id("message").filter(has_text=words["rest"].strip())
            await expect(told_there).to_be_visible()
            await picture(page, "shortcuts-direct")
