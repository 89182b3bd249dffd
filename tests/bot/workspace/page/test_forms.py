"""The page in a real browser: forms, the menu of a message, thumbs and the Home tab."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.command import Set
from bot.channels.form import FORM as CHANNEL_FORM
from bot.channels.form import filled_in
from bot.channels.form import form as channel_form
from tasks.asking.channels import ChannelSettings
from tests.bot.workspace.conftest import Connect, Json, soon
from tests.bot.workspace.page.conftest import PHONE, Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def field(block_id: str, label: str, value: str = "", **block: Any) -> Json:
    element = {"type": "plain_text_input", "action_id": "text", "multiline": True}
    if value:
        element["initial_value"] = value
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": element,
        **block,
    }


def thumb(label: str, value: str) -> Json:
    return {"text": plain(label), "value": value}


def button(action_id: str, label: str, value: str, **more: str) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(label), "value": value, **more}


FORM: Json = {
    "type": "modal",
    "callback_id": "correct_answer",
    "title": plain("回答を直す"),
    "submit": plain("送る"),
    "close": plain("やめる"),
    "blocks": [
        field("question", "質問", "日本の首都はどこですか？"),
        field("input", "入力", optional=True, hint=plain("質問に付けた文章")),
        field("answer", "正しい回答", "大阪です。"),
    ],
}
THUMBS: Json = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "answer_feedback",
            "positive_button": thumb("良い", "good"),
            "negative_button": thumb("良くない", "bad"),
        }
    ],
}
CORRECT: Json = {"type": "actions", "elements": [button("correct_answer", "直す", "job-1")]}


class Teacher:
    """A Bolt app that opens the form and takes it only with another answer."""

    def __init__(self, app: AsyncApp) -> None:
        self.taken: list[str] = []
        self.thumbs: list[tuple[str, str]] = []

        async def open_form(ack: Any, body: Json, client: AsyncWebClient) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=FORM)

        @app.view("correct_answer")
        async def submitted(ack: Any, view: Json) -> None:
            answer = view["state"]["values"]["answer"]["text"]["value"]
            if answer == "大阪です。":
                errors = {"answer": "元の回答と同じです。"}
                await ack(response_action="errors", errors=errors)
            else:
                await ack()
                self.taken.append(answer)

        @app.action("answer_feedback")
        async def judged(ack: Any, body: Json, action: Json) -> None:
            await ack()
            self.thumbs.append((body["user"]["id"], action["value"]))

        app.action("correct_answer")(open_form)
        app.shortcut("teach_answer")(open_form)


async def test_an_answer_is_judged_and_corrected_in_a_form_that_keeps_the_focus(
    open_page: Open, app: AsyncApp, connect: Connect, bot: AsyncWebClient
) -> None:
    teacher = Teacher(app)
    answer = "大阪です。"
    text = {"type": "section", "text": plain(answer)}
    await bot.chat_postMessage(channel="CGENERAL", text=answer, blocks=[text, THUMBS, CORRECT])
    async with connect(app):
        page = await open_page(locale="ja-JP")
        good = page.get_by_role("button", name="良い", exact=True)
        bad = page.get_by_role("button", name="良くない")
        await good.click()
        await bad.click()
        await expect(bad).to_have_attribute("aria-pressed", "true")
        await expect(good).to_have_attribute("aria-pressed", "false")
        await soon(lambda: teacher.thumbs == [("UALICE", "good"), ("UALICE", "bad")])

        correct = page.get_by_role("button", name="直す")
        await correct.click()
        form = page.get_by_test_id("form")
        await expect(form.get_by_label("質問", exact=True)).to_be_focused()
        for _ in range(8):
            await page.keyboard.press("Tab")
            assert await form.evaluate(
                "form => form.contains(document.activeElement) || "
                "document.activeElement === document.body"
            )
        await page.keyboard.press("Escape")
        await expect(form).to_be_hidden()

        await correct.click()
        fixed = form.get_by_label("正しい回答")
        await fixed.fill("")
        await form.get_by_test_id("form-submit").click()
        await expect(form.get_by_test_id("field-answer")).to_contain_text("入力してください。")
        await expect(fixed).to_be_focused()
        await fixed.fill(answer)
        await fixed.press("Control+Enter")
        await expect(form.get_by_test_id("field-answer")).to_contain_text("元の回答と同じです。")
        await expect(fixed).to_have_value(answer)
        await fixed.fill("東京です。")
        await form.get_by_test_id("form-submit").click()
        await expect(form).to_be_hidden()
    assert teacher.taken == ["東京です。"]


async def test_on_a_phone_an_admin_fills_in_the_settings_of_a_channel(
    open_page: Open, app: AsyncApp, connect: Connect
) -> None:
    taken: list[tuple[Set, dict[str, str]]] = []

    @app.command("/swallow-channel")
    async def asked(ack: Any, body: Json, client: AsyncWebClient) -> None:
        await ack()
        settings = ChannelSettings(instructions="短く。")
        adapters = ["faq", "notes", "a" * 64]
        view = channel_form(body["channel_id"], settings, "faq", adapters, "ja")
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view(CHANNEL_FORM)
    async def submitted(ack: Any, view: Json) -> None:
        await ack()
        taken.append(filled_in(view, "ja"))

    async with connect(app):
        page = await open_page("UADMIN", phone=True, locale="ja-JP")
        await page.get_by_test_id("composer").fill("/swallow-channel")
        await page.get_by_test_id("composer").press("Control+Enter")
        form = page.get_by_test_id("form")
        await expect(form.get_by_label("すべての質問に添える指示")).to_have_value("短く。")
        inside = form.locator(".form-body")
        assert await inside.evaluate("body => body.scrollWidth === body.clientWidth")
        await form.get_by_label("アダプター").select_option("notes")
        await form.get_by_label("質問できる人").select_option("people")
        await form.get_by_label("Guest").check()
        await form.get_by_role("button", name="保存").tap()
        await expect(form).to_be_hidden()
    people = {"askers": "people", "people": ("UGUEST",)}
    values = {"language": "", "max_new_tokens": 0, "instructions": "短く。", **people}
    assert taken == [(Set(values, "notes"), {})]


async def test_on_a_phone_a_shortcut_in_the_messages_menu_opens_a_form_that_fills_it(
    open_page: Open, app: AsyncApp, connect: Connect, alice: AsyncWebClient
) -> None:
    teacher = Teacher(app)

    @app.event("message")
    async def said() -> None:
        """Not looked at here."""

    async with connect(app):
        await alice.chat_postMessage(channel="CGENERAL", text="東京です。")
        page = await open_page(phone=True, locale="ja-JP")
        await page.get_by_test_id("more").tap()
        menu = page.get_by_test_id("message-menu")
        await page.keyboard.press("Escape")
        await expect(menu).to_be_hidden()
        await expect(page.get_by_test_id("more")).to_be_focused()
        await page.get_by_test_id("more").tap()
        await menu.get_by_role("menuitem", name="これを教える").tap()
        form = page.get_by_test_id("form")
        await expect(form).to_be_visible()
        box = await form.bounding_box()
        assert box == {"x": 0, "y": 0, "width": PHONE["width"], "height": PHONE["height"]}
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        await form.get_by_label("正しい回答").fill("東京都です。")
        await form.get_by_role("button", name="送る").tap()
        await expect(form).to_be_hidden()
    assert teacher.taken == ["東京都です。"]


async def test_the_home_tab_shows_what_is_published_and_its_buttons_work(
    open_page: Open, app: AsyncApp, connect: Connect
) -> None:
    waiting = ["row-1", "row-2", "row-3"]

    async def publish(client: AsyncWebClient, user: str) -> None:
        rows = [
            {
                "type": "section",
                "block_id": name,
                "text": plain(f"Proposed: {name}"),
                "accessory": button("approve", "Approve", name, style="primary"),
            }
            for name in waiting
        ]
        header = {"type": "header", "text": plain(f"{len(waiting)} rows wait")}
        since = {
            "type": "mrkdwn",
            "text": "<!date^0^{date_num} {time}|long ago> <!date^0^{ago}|then>",
        }
        view = {"type": "home", "blocks": [header, {"type": "section", "text": since}, *rows]}
        await client.views_publish(user_id=user, view=view)

    @app.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient) -> None:
        await publish(client, event["user"])

    @app.action("approve")
    async def approve(ack: Any, body: Json, action: Json, client: AsyncWebClient) -> None:
        await ack()
        waiting.remove(action["value"])
        await publish(client, body["user"]["id"])

    async def late(route: Route) -> None:
        """Answer after what the bot publishes at this visit has come."""
        response = await route.fetch()
        await asyncio.sleep(0.5)
        await route.fulfill(response=response)

    async with connect(app):
        page = await open_page("UADMIN", at="#DADMIN")
        await page.route("**/local/home?*", late)
        home = page.get_by_test_id("home")
        async with page.expect_response("**/local/home?*"):
            await page.get_by_test_id("tab-home").click()
            await expect(home.get_by_role("heading")).to_have_text("3 rows wait")
        await page.wait_for_timeout(200)  # time to draw what must not be drawn
        await expect(home.get_by_role("heading")).to_have_text("3 rows wait")
        await expect(home).to_contain_text(re.compile(r"19(70-01-01|69-12-31) \d+:00 [AP]M then"))
        await expect(page.get_by_test_id("composer")).to_be_hidden()
        await home.get_by_role("button", name="Approve").nth(1).click()
        await expect(home.get_by_role("heading")).to_have_text("2 rows wait")
        await expect(home).not_to_contain_text("row-2")
        await page.reload()
        await expect(home.get_by_role("heading")).to_have_text("2 rows wait")
        await page.get_by_test_id("tab-messages").click()
        await expect(home).to_be_hidden()
        await expect(page.get_by_test_id("composer")).to_be_focused()
    assert waiting == ["row-1", "row-3"]
