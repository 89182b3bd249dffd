"""A person at the page: types a mention, reads the streamed answer, presses stop."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.patience import MILLISECONDS
from tests.system.workspace import System

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.fixture(params=SIZES)
def page(
    request: Any, browser: Browser, system: System, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """The page at a desktop's and at a phone's width; a screenshot of its last state is kept."""
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="en-US")
    page = context.new_page()
    page.goto(system.workspace.page)
    expect(page.get_by_test_id("message").first).to_be_visible(timeout=MILLISECONDS)
    yield page
    screenshot = tmp_path_factory.getbasetemp() / f"{request.node.originalname}-{request.param}.png"
    page.screenshot(path=str(screenshot))
    context.close()


def ask(page: Page, text: str) -> None:
    """Type a message and send it with Enter."""
    composer = page.get_by_test_id("composer")
    composer.click()
    before = page.get_by_test_id("message").count()
    composer.press_sequentially(text)
    composer.press("Enter")
    expect(page.get_by_test_id("message")).to_have_count(before + 1, timeout=MILLISECONDS)


def open_last_thread(page: Page) -> None:
    """Open the thread of the person's last question; a wide page opens it without being asked."""
    if page.viewport_size and page.viewport_size["width"] < 800:
        page.get_by_test_id("message").last.get_by_test_id("open-thread").click(
            timeout=MILLISECONDS
        )
    expect(page.get_by_test_id("thread")).to_be_visible(timeout=MILLISECONDS)


def test_a_mention_typed_on_the_page_is_answered_in_the_thread(page: Page) -> None:
    ask(page, "@swallow What is the capital of France?")
    open_last_thread(page)

    answer = page.get_by_test_id("thread-message").last

    expect(answer).to_contain_text("The capital of France is Paris.", timeout=MILLISECONDS)
    expect(answer).to_contain_text("SmolLM2-135M-Instruct", timeout=MILLISECONDS)


def test_the_answer_streams_as_it_arrives(page: Page) -> None:
    ask(page, "@swallow Write a very long story about a ship.")
    open_last_thread(page)
    answer = page.get_by_test_id("thread-message").last

    seen = set()
    for _ in range(600):
        seen.add(text := answer.inner_text())
        if "tokens/s" in text:
            break
        page.wait_for_timeout(100)

    assert "tokens/s" in text
    assert len(seen) > 5


def test_the_stop_button_ends_the_answer(page: Page) -> None:
    ask(page, "@swallow Write a very long story about a harbour.")
    open_last_thread(page)
    answer = page.get_by_test_id("thread-message").last
    button = page.get_by_role("button", name="Stop", exact=True)

    # With the keyboard: the growing text moves the button away from under a mouse pointer.
    button.press("Enter", timeout=MILLISECONDS)

    expect(answer).to_contain_text("stopped", timeout=MILLISECONDS)
    expect(button).to_have_count(0)
