"""The page in a real browser: choosing a person, a channel and a thread, by mouse, keyboard and
touch, also after a restart of the workspace.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.server import running
from bot.workspace.sign_in import address
from bot.workspace.workspace import Workspace
from tests.bot.workspace.conftest import Connect, texts
from tests.bot.workspace.page.conftest import PHONE, Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_can_be_somebody_else(
    open_page: Open, bot: AsyncWebClient, alice: AsyncWebClient
) -> None:
    await alice.chat_postMessage(channel="DALICE", text="alice's secret")
    page = await open_page("UALICE", at="#DALICE")
    await expect(page.get_by_test_id("message")).to_contain_text("alice's secret")

    await page.get_by_test_id("switch-user").select_option("UBOB")
    await expect(page.get_by_test_id("message")).to_have_count(0)
    await page.get_by_test_id("composer").fill("bob here")
    await page.get_by_test_id("composer").press("Enter")
    await expect(page.get_by_test_id("message")).to_have_attribute("data-user", "UBOB")
    assert await texts(bot, "DBOB") == ["bob here"]


async def test_nobody_finds_the_draft_of_another(open_page: Open) -> None:
    page = await open_page("UALICE")
    await page.get_by_test_id("composer").fill("alice's draft")
    await page.get_by_test_id("switch-user").select_option("UBOB")
    await expect(page.get_by_test_id("composer")).to_have_value("")
    await page.get_by_test_id("switch-user").select_option("UALICE")
    await expect(page.get_by_test_id("composer")).to_have_value("alice's draft")


async def test_the_banner_tells_whether_the_bot_is_there(
    open_page: Open, app: AsyncApp, connect: Connect, workspace: Workspace
) -> None:
    page = await open_page()
    banner = page.get_by_test_id("banner")
    await expect(banner).to_contain_text("Swallow is not connected")
    async with connect(app):
        await expect(banner).to_be_hidden()
    await expect(banner).to_be_visible()


async def test_an_empty_channel_says_what_to_do_in_the_readers_language(open_page: Open) -> None:
    english, japanese = await open_page(), await open_page(locale="ja-JP")
    await expect(english.get_by_test_id("empty")).to_contain_text("Mention @swallow")
    await expect(japanese.get_by_test_id("empty")).to_contain_text("@swallow とメンション")
    assert await japanese.evaluate("document.documentElement.lang") == "ja"


async def test_a_channel_with_something_new_is_marked(
    open_page: Open, alice: AsyncWebClient
) -> None:
    page = await open_page("UBOB")
    await alice.chat_postMessage(channel="random", text="news")
    random = page.get_by_test_id("channel-random")
    await expect(random).to_contain_text("unread")
    await random.click()
    await expect(page.get_by_test_id("message")).to_contain_text("news")
    await expect(page.get_by_test_id("channel-random")).not_to_contain_text("unread")


async def test_on_a_phone_a_thread_covers_everything_and_back_closes_it(
    open_page: Open, bot: AsyncWebClient, alice: AsyncWebClient
) -> None:
    root = (await alice.chat_postMessage(channel="general", text="質問です"))["ts"]
    wide = "```\n" + "wide " * 60 + "\n```\n" + "長" * 300 + " " + "w" * 300
    await bot.chat_postMessage(channel="CGENERAL", thread_ts=root, text=wide)
    page = await open_page(phone=True)

    await page.get_by_test_id("open-thread").tap()
    thread = page.get_by_test_id("thread")
    await expect(thread).to_be_visible()
    box = await thread.bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, PHONE["width"])
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await page.get_by_test_id("thread-composer").fill("ありがとう")
    await page.get_by_test_id("thread-send").tap()
    await expect(page.get_by_test_id("thread-message")).to_have_count(3)

    await page.go_back()
    await expect(thread).to_be_hidden()
    await page.get_by_role("button", name="Open channel list").tap()
    await page.get_by_test_id("channel-random").tap()
    await expect(page.get_by_role("heading", name="#random", exact=True)).to_be_visible()


async def test_a_long_channel_opens_at_its_newest_message(
    open_page: Open, bot: AsyncWebClient
) -> None:
    for number in range(60):
        await bot.chat_postMessage(channel="CGENERAL", text=f"line {number}\nand more")
    for phone in (False, True):
        page = await open_page(phone=phone)
        await expect(page.get_by_text("line 59")).to_be_in_viewport()


async def test_the_keyboard_alone_is_enough(
    open_page: Open, bot: AsyncWebClient, alice: AsyncWebClient
) -> None:
    root = (await alice.chat_postMessage(channel="general", text="question"))["ts"]
    await bot.chat_postMessage(channel="CGENERAL", thread_ts=root, text="answer")
    page = await open_page()
    await expect(page.get_by_test_id("composer")).to_be_focused()
    await page.get_by_test_id("open-thread").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("thread-composer")).to_be_focused()
    await page.keyboard.type("thanks")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("thread-message").last).to_contain_text("thanks")
    await page.keyboard.press("Escape")
    await expect(page.get_by_test_id("thread")).to_be_hidden()
    await expect(page.get_by_test_id("open-thread")).to_be_focused()
    nameless = await page.evaluate(
        """[...document.querySelectorAll("button, a, textarea, select")].filter(node =>
            !node.innerText && !node.getAttribute("aria-label")).length"""
    )
    assert nameless == 0


async def test_the_page_carries_on_when_the_workspace_was_restarted(
    open_page: Open, tmp_path: Path
) -> None:
    file = tmp_path / "state.db"
    page = await open_page()
    async with running(state=file) as first:
        await page.goto(f"{address(first)}&user=UALICE")
        await page.get_by_test_id("composer").fill("before")
        await page.get_by_test_id("composer").press("Enter")
        await expect(page.get_by_test_id("message")).to_have_count(1)
        await page.get_by_test_id("composer").fill("a draft")
    await expect(page.get_by_test_id("banner")).to_contain_text("does not answer")
    async with running(state=file, port=first.port, secret=first.tokens.secret) as second:
        bob = AsyncWebClient(second.tokens.of("UBOB"), base_url=second.api_url)
        await bob.chat_postMessage(channel="general", text="meanwhile")
        await expect(page.get_by_test_id("message")).to_have_count(2)
        await bob.chat_postMessage(channel="general", text="after")
        await expect(page.get_by_test_id("message")).to_have_count(3)
        await expect(page.get_by_test_id("banner")).to_contain_text("is not connected")
        await expect(page.get_by_test_id("composer")).to_have_value("a draft")
        await page.close()


async def test_a_message_that_could_not_be_sent_is_given_back(
    open_page: Open,
) -> None:
    page = await open_page()
    refusal = {"ok": False, "error": "ratelimited"}
    await page.route("**/api/chat.postMessage", lambda route: route.fulfill(json=refusal), times=1)
    composer = page.get_by_test_id("composer")
    await composer.fill("kept")
    await composer.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("ratelimited")
    await expect(composer).to_have_value("kept")
    await page.route("**/api/chat.postMessage", lambda route: route.abort(), times=1)
    await composer.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("The local workspace does not answer.")
    await expect(composer).to_have_value("kept")
    await composer.press("Enter")
    await expect(page.get_by_test_id("message")).to_contain_text("kept")
