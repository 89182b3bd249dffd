"""The page in a real browser: writing messages and commands, reading answers, pressing buttons."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.bot.workspace.conftest import Connect, Json, texts
from tests.bot.workspace.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

RECIPIENT: Json = {"recipient_team_id": "TLOCAL", "recipient_user_id": "UALICE"}


async def test_a_question_is_escaped_sent_with_enter_and_shown(
    open_page: Open, bot: AsyncWebClient
) -> None:
    page = await open_page()
    composer = page.get_by_test_id("composer")
    await composer.fill("@swallow 1 < 2 & 3?")
    await composer.press("Shift+Enter")
    await composer.press_sequentially("x@swallow.jp")
    await composer.press("Enter")

    message = page.get_by_test_id("message")
    await expect(message).to_have_attribute("data-user", "UALICE")
    await expect(message).to_contain_text("@swallow 1 < 2 & 3?")
    await expect(composer).to_have_value("")
    assert await texts(bot) == ["<@UBOT> 1 &lt; 2 &amp; 3?\nx@swallow.jp"]


async def test_enter_does_not_send_while_an_input_method_is_composing(
    open_page: Open, bot: AsyncWebClient
) -> None:
    page = await open_page(locale="ja-JP")
    composer = page.get_by_test_id("composer")
    await composer.fill("つばめ")
    await composer.evaluate(
        """box => box.dispatchEvent(new KeyboardEvent("keydown",
            {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    # Sending empties the box in the same turn, so a box that is still full was not sent.
    assert await composer.input_value() == "つばめ"
    assert await texts(bot) == []
    await composer.press("Enter")
    await expect(page.get_by_test_id("message").locator(".body")).to_have_text("つばめ")
    assert await texts(bot) == ["つばめ"]


async def test_an_answer_streams_into_the_thread_that_opens_by_itself(
    open_page: Open, app: AsyncApp, connect: Connect, bot: AsyncWebClient
) -> None:
    pieces: asyncio.Queue[str | None] = asyncio.Queue()

    @app.event("app_mention")
    async def mentioned(event: Json) -> None:
        asyncio.get_running_loop().create_task(answer(event["channel"], event["ts"]))

    @app.event("message")
    async def said() -> None:
        """Not looked at here."""

    async def answer(channel: str, ts: str) -> None:
        await bot.assistant_threads_setStatus(
            channel_id=channel, thread_ts=ts, status="is thinking…"
        )
        first = await pieces.get()
        sent = await bot.chat_startStream(
            channel=channel, thread_ts=ts, markdown_text=first, **RECIPIENT
        )
        while (piece := await pieces.get()) is not None:
            await bot.chat_appendStream(channel=channel, ts=sent["ts"], markdown_text=piece)
        await bot.chat_stopStream(channel=channel, ts=sent["ts"])

    async with connect(app):
        page = await open_page()
        await page.get_by_test_id("composer").fill("@swallow 燕とは？")
        await page.get_by_test_id("send").click()

        await expect(page.get_by_test_id("status")).to_contain_text("Swallow is thinking…")
        reply = page.get_by_test_id("thread-message").nth(1)
        pieces.put_nowait("燕は**渡り鳥**")
        await expect(reply).to_contain_text("燕は渡り鳥")
        await expect(page.get_by_test_id("status")).to_be_hidden()
        paragraph = await reply.locator("p").first.element_handle()
        assert paragraph is not None
        pieces.put_nowait("です。\n\n```python\nprint('燕')\n```\n\n- 一\n- 二")
        await expect(reply.locator("pre")).to_have_text("print('燕')")
        pieces.put_nowait("\n- 三<!here>")
        await expect(reply.locator("li")).to_have_text(["一", "二", "三!here"])
        await expect(reply.locator(".mention")).to_have_text("!here")
        pieces.put_nowait(None)
        await expect(reply.locator(".streaming")).to_have_count(0)
        await expect(reply.locator("strong")).to_have_text("渡り鳥")
        await expect(page.get_by_test_id("open-thread")).to_contain_text("1 reply")


async def test_a_growing_answer_does_not_redraw_or_move_what_one_reads(
    open_page: Open, bot: AsyncWebClient, alice: AsyncWebClient
) -> None:
    root = (await alice.chat_postMessage(channel="general", text="long?"))["ts"]
    text = "\n\n".join(f"paragraph {n}" for n in range(80))
    sent = await bot.chat_startStream(
        channel="CGENERAL", thread_ts=root, markdown_text=text, **RECIPIENT
    )
    page = await open_page(at=f"#CGENERAL/{root}")
    scroller = page.get_by_test_id("thread").get_by_role("log")
    await expect(page.get_by_text("paragraph 79")).to_be_in_viewport()

    await bot.chat_appendStream(channel="CGENERAL", ts=sent["ts"], markdown_text="\n\nfollowed")
    await expect(page.get_by_text("followed")).to_be_in_viewport()

    first = await page.get_by_text("paragraph 0", exact=True).element_handle()
    await scroller.evaluate("node => node.scrollTop = 300")
    # The page offers the way down once it has noticed that its reader scrolled up.
    thread = page.get_by_test_id("thread")
    await expect(thread.get_by_role("button", name="Jump to the newest message")).to_be_visible()
    for n in range(5):
        await bot.chat_appendStream(
            channel="CGENERAL", ts=sent["ts"], markdown_text=f"\n\nmore {n}"
        )
    await expect(page.get_by_text("more 4")).to_be_attached()
    assert await scroller.evaluate("node => node.scrollTop") == 300
    assert first is not None
    assert await first.evaluate("node => node.isConnected")


async def test_ones_own_message_is_edited_and_deleted_from_its_menu(
    open_page: Open, bot: AsyncWebClient, alice: AsyncWebClient, bob: AsyncWebClient
) -> None:
    await bob.chat_postMessage(channel="general", text="bob's")
    await alice.chat_postMessage(channel="general", text="<@UBOT> Frence &amp; Spain")
    page = await open_page(phone=True, locale="ja-JP")
    others, own = page.get_by_test_id("message").first, page.get_by_test_id("message").nth(1)
    menu = page.get_by_test_id("message-menu")
    await others.get_by_test_id("more").tap()
    await expect(menu.get_by_role("menuitem", name="これを教える")).to_be_visible()
    await expect(menu.get_by_role("menuitem", name="メッセージを編集")).to_have_count(0)
    await page.keyboard.press("Escape")

    await own.get_by_test_id("more").tap()
    await menu.get_by_role("menuitem", name="メッセージを編集").tap()
    box = page.get_by_test_id("edit").get_by_role("textbox")
    await expect(box).to_have_value("@swallow Frence & Spain")
    await box.fill("@swallow France & Spain")
    await box.press("Enter")
    await expect(own).to_contain_text("@swallow France & Spain (編集済み)")
    assert await texts(bot) == ["bob's", "<@UBOT> France &amp; Spain"]

    await own.get_by_test_id("more").tap()
    await menu.get_by_role("menuitem", name="メッセージを削除").tap()
    confirm = page.get_by_role("dialog", name="メッセージを削除")
    await confirm.get_by_role("button", name="キャンセル").tap()
    await expect(page.get_by_test_id("message")).to_have_count(2)
    await own.get_by_test_id("more").tap()
    await menu.get_by_role("menuitem", name="メッセージを削除").tap()
    await confirm.get_by_role("button", name="削除").tap()
    await expect(page.get_by_test_id("message")).to_have_count(1)


async def test_on_a_phone_the_buttons_of_a_message_cover_none_of_its_words(
    open_page: Open, alice: AsyncWebClient
) -> None:
    for _ in range(2):  # the second has no line of its author, beside which there is room
        await alice.chat_postMessage(channel="general", text="長い質問です。" * 20)
    page = await open_page(phone=True)
    await expect(page.get_by_test_id("message")).to_have_count(2)
    covered = await page.get_by_test_id("message").evaluate_all(
        """messages => messages.map(message => {
            const icon = message.querySelector(".hover-bar svg").getBoundingClientRect();
            const words = document.createRange();
            words.selectNodeContents(message.querySelector(".body"));
            return [...words.getClientRects()].some(line => line.height < 30
                && line.right > icon.left && line.top < icon.bottom && line.bottom > icon.top);
        })"""
    )
    assert covered == [False, False]


async def test_what_others_write_is_never_markup(
    open_page: Open, bot: AsyncWebClient, alice: AsyncWebClient
) -> None:
    alone = "*see http://a.example/?b&amp;c* x@here @here"
    nasty = "<img src=x onerror=alert(1)><script>alert(1)</script> :constructor: *<b>*"
    await alice.chat_postMessage(channel="general", text=nasty)
    await alice.chat_postMessage(channel="general", text="<javascript:alert(1)|click> &lt;b&gt;")
    await bot.chat_postMessage(
        channel="CGENERAL",
        text="x",
        blocks=[
            {"type": "markdown", "text": f"[x](javascript:alert(1)) {nasty}\n\n# {nasty}"},
            {"type": "header", "text": {"type": "plain_text", "text": "<u>x</u>"}},
            {"type": "table", "rows": [[{"type": "raw_text", "text": nasty}]]},
            *(
                {"type": "section", "text": {"type": "mrkdwn", "text": alone, "verbatim": verbatim}}
                for verbatim in (False, True)
            ),
        ],
    )
    page = await open_page()
    timeline = page.get_by_role("log").first
    # As in Slack, addresses and names are looked for unless a text is verbatim.
    sections = timeline.locator(".section")
    await expect(sections.first.locator("a, .mention")).to_have_text(
        ["http://a.example/?b&c", "@here"]
    )
    await expect(sections.nth(1).locator("a, .mention")).to_have_count(0)
    await expect(page.get_by_test_id("message")).to_have_count(3)
    assert await timeline.locator("img, script, b, u").count() == 0
    assert await timeline.locator('a[href^="javascript"]').count() == 0
    await expect(page.get_by_test_id("message").nth(1)).to_contain_text("<b>")


async def test_mrkdwn_is_shown_as_slack_shows_it(open_page: Open, alice: AsyncWebClient) -> None:
    await alice.chat_postMessage(
        channel="general",
        text="*太字* _it_ ~old~ `c*d*` <https://example.com|site> <@UBOT> <#CRANDOM>\n"
        "&gt; quoted\n```\n*raw* &lt;b&gt;\n```\n2*3*4 snake_case_name",
    )
    page = await open_page()
    body = page.get_by_test_id("message").locator(".body")
    await expect(body.locator("strong")).to_have_text(["太字"])
    await expect(body.locator("em")).to_have_text(["it"])
    await expect(body.locator("s")).to_have_text(["old"])
    await expect(body.locator("p code")).to_have_text(["c*d*"])
    await expect(body.locator("pre")).to_have_text("*raw* <b>")
    await expect(body.locator("blockquote")).to_have_text("quoted")
    await expect(body.locator(".mention")).to_have_text(["@swallow", "#random"])
    site = body.get_by_role("link", name="site")
    await expect(site).to_have_attribute("href", "https://example.com/")
    await expect(site).to_have_attribute("rel", "noopener noreferrer")


async def test_a_mistyped_command_is_said_at_once_and_kept_in_the_box(open_page: Open) -> None:
    page = await open_page("UADMIN")
    composer = page.get_by_test_id("composer")
    await composer.fill("/swallow-trian epochs=1")
    await composer.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("There is no command /swallow-trian")
    await expect(composer).to_have_value("/swallow-trian epochs=1")


async def test_a_slash_command_is_completed_and_its_answer_is_for_one_only(
    open_page: Open, app: AsyncApp, connect: Connect
) -> None:
    @app.command("/swallow-adapter")
    async def adapter(ack: Any, command: Json) -> None:
        await ack(f"got: {command['text']}")

    @app.command("/swallow-channel")
    async def channel(ack: Any, command: Json) -> None:
        await ack("people: " + command["text"].replace("<", "&lt;").replace(">", "&gt;"))

    async with connect(app):
        page, other = await open_page("UADMIN"), await open_page("UBOB")
        composer = page.get_by_test_id("composer")
        await composer.press_sequentially("/swa")
        await expect(
            page.get_by_test_id("composer-suggestions").get_by_role("option")
        ).to_have_count(5)
        await composer.press("ArrowDown")
        await composer.press("Enter")
        await expect(composer).to_have_value("/swallow-adapter ")
        await composer.press_sequentially("li")
        await composer.press("Tab")
        await composer.press("Enter")

        whisper = page.get_by_test_id("ephemeral")
        await expect(whisper).to_contain_text("Only visible to you")
        await expect(whisper).to_contain_text("got: list")
        await expect(page.get_by_test_id("message")).to_have_count(0)
        await expect(other.get_by_test_id("ephemeral")).to_have_count(0)

        await composer.fill("/swallow-channel ask=@alice")
        await composer.press("Enter")
        await expect(whisper.last).to_contain_text("people: ask=<@UALICE>")


async def test_every_subcommand_is_suggested(open_page: Open) -> None:
    page = await open_page()
    composer = page.get_by_test_id("composer")
    options = page.get_by_test_id("composer-suggestions").get_by_role("option")
    for command, subcommands in {
        "/swallow-train ": ("epochs=1", "status", "cancel", "resume", "help"),
        "/swallow-adapter ": ("list", "show", "use", "off", "compare", "remove", "help"),
    }.items():
        await composer.fill(command)
        for subcommand in subcommands:
            await expect(options.filter(has_text=subcommand).first).to_be_visible()


async def test_the_bots_name_is_completed_after_an_at_sign(open_page: Open) -> None:
    page = await open_page()
    composer = page.get_by_test_id("composer")
    await composer.press_sequentially("hey @sw")
    await composer.press("Enter")
    await expect(composer).to_have_value("hey @swallow ")
    await expect(page.get_by_test_id("composer-suggestions")).to_be_hidden()


async def test_a_button_is_pressed_after_its_question_was_confirmed(
    open_page: Open, app: AsyncApp, connect: Connect, bot: AsyncWebClient
) -> None:
    @app.action("cancel")
    async def cancel(ack: Any, respond: Any, action: Json) -> None:
        await ack()
        await respond(text=f"cancelled {action['value']}", replace_original=True)

    @app.event("message")
    async def said() -> None:
        """Not looked at here."""

    def plain(text: str) -> Json:
        return {"type": "plain_text", "text": text}

    button = {
        "type": "button",
        "action_id": "cancel",
        "style": "danger",
        "text": plain("Cancel"),
        "value": "j1",
        "confirm": {
            "title": plain("Sure?"),
            "text": plain("It stops."),
            "confirm": plain("Stop it"),
            "deny": plain("No"),
        },
    }
    await bot.chat_postMessage(
        channel="CGENERAL", text="job", blocks=[{"type": "actions", "elements": [button]}]
    )
    async with connect(app):
        page = await open_page()
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Stop it").click()
        await expect(page.get_by_test_id("message")).to_contain_text("cancelled j1")


async def test_a_text_file_goes_along_and_a_picture_is_shown(
    open_page: Open, bot: AsyncWebClient, tmp_path: Path
) -> None:
    file = tmp_path / "長文.txt"
    file.write_text("一行目\n二行目", encoding="cp932")  # as Windows writes it
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d494844520000000100000001080600000"
        "01f15c4890000000d49444154789c63f8cfc0f01f00050001ff5c7e4c7c0000000049454e44ae426082"
    )
    page = await open_page()
    await page.get_by_test_id("composer-file").set_input_files(file)
    await page.get_by_test_id("composer").fill("@swallow summarise")
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("message").first).to_contain_text("一行目")

    await bot.files_upload_v2(content=pixel, filename="p.png", channel="CGENERAL")
    picture = page.get_by_test_id("message").nth(1).locator("img")
    await expect(picture).to_have_attribute("src", re.compile("^blob:"))
    assert await texts(bot) == ["<@UBOT> summarise", ""]
