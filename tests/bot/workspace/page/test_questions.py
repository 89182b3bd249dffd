"""A person at the page and a real bot behind it: what can be done with an answer, and a question
that is edited or deleted. The tests act as the worker."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from redis import Redis

from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tests.bot.conftest import job_of, serve_at
from tests.bot.questions.changes.test_follow_up import CUT, WHOLE, answer
from tests.bot.workspace.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURES = os.environ.get("PICTURES")
"""A folder in which to keep what the page looks like."""


async def picture(page: Page, name: str) -> None:
    """Keep what the page looks like, for whoever wants to see it."""
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


@pytest.mark.parametrize("phone", [False, True])
async def test_an_answer_goes_on_and_is_given_again_by_its_buttons(
    open_page: Open,
    workspace: Workspace,
    on_valkey: None,
    redis: Redis,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    phone: bool,
) -> None:
    async with serve_at(workspace, monkeypatch)():
        page = await open_page(locale="ja-JP" if phone else "en-US", phone=phone)
        going_on, again = ("続ける", "もう一度") if phone else ("Continue", "Again")
        question = "@swallow 燕とは？" if phone else "@swallow What is a swallow?"
        await page.get_by_test_id("composer").fill(question)
        await page.get_by_test_id("send").click()
        await answer(jobs, "A swallow is a small", CUT)
        if phone:
            await page.get_by_test_id("open-thread").tap()
        replies = page.get_by_test_id("thread-message")
        first = replies.nth(1)
        await expect(first.get_by_role("button", name=going_on)).to_be_visible()
        await picture(page, f"buttons-{phone}")

        await first.get_by_role("button", name=going_on).click()
        await answer(jobs, "bird that flies south.", WHOLE)
        await expect(replies.nth(2)).to_contain_text("bird that flies south.")
        await expect(first.get_by_role("button", name=going_on)).to_have_count(0)
        await expect(first).to_contain_text("A swallow is a small")

        await first.get_by_role("button", name=again).click()
        await answer(jobs, "Swallows are birds.", WHOLE)
        await expect(replies.nth(3)).to_contain_text("Swallows are birds.")
        await expect(first.get_by_role("button", name=again)).to_have_count(0)
        await expect(replies.nth(3).get_by_role("button", name=again)).to_be_visible()
        await expect(first).to_contain_text("A swallow is a small")
        await picture(page, f"followed-{phone}")


@pytest.mark.parametrize("phone", [False, True])
async def test_an_edited_question_is_answered_anew_and_a_deleted_one_goes_with_its_answer(
    open_page: Open,
    workspace: Workspace,
    on_valkey: None,
    redis: Redis,
    jobs: Jobs,
    monkeypatch: pytest.MonkeyPatch,
    phone: bool,
) -> None:
    async with serve_at(workspace, monkeypatch)():
        page = await open_page(locale="en-US" if phone else "ja-JP", phone=phone)
        editing, save, deleting = (
            ("Edit message", "Save", "Delete message")
            if phone
            else ("メッセージを編集", "保存", "メッセージを削除")
        )
        await page.get_by_test_id("composer").fill("@swallow フランセの首都は？")
        await page.get_by_test_id("send").click()
        await answer(jobs, "フランセという国は知りません。", WHOLE)
        if phone:
            await page.get_by_test_id("open-thread").tap()
        replies = page.get_by_test_id("thread-message")
        await expect(replies.nth(1)).to_contain_text("フランセという国は知りません。")

        asked = replies.first if phone else page.get_by_test_id("message").first

        async def choose(entry: str) -> None:
            await asked.hover()
            await asked.get_by_test_id("more").click()
            await page.get_by_test_id("message-menu").get_by_role("menuitem", name=entry).click()

        await choose(editing)
        dialog = page.get_by_test_id("edit")
        await dialog.get_by_role("textbox").fill("@swallow フランスの首都は？")
        await picture(page, f"editing-{phone}")
        await dialog.get_by_role("button", name=save).click()
        again = await job_of(jobs, "answer")
        assert again.request["instruction"] == "フランスの首都は？"
        await expect(replies.nth(1)).not_to_contain_text("フランセ")
        await picture(page, f"starting-over-{phone}")
        await answer(jobs, "パリです。", WHOLE)
        await expect(replies.nth(1)).to_contain_text("パリです。")
        await expect(replies).to_have_count(2)

        await choose(deleting)
        confirm = page.get_by_role("dialog", name=deleting)
        await confirm.get_by_role("button", name="Delete" if phone else "削除").click()

        await expect(page.get_by_text("パリです。")).to_have_count(0)
        await expect(page.get_by_text("フランスの首都は？")).to_have_count(0)
        await picture(page, f"deleted-{phone}")
