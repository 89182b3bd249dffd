"""What a person at the page sees of a model that thinks, and where a budget ends its thought."""

import re
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.patience import MILLISECONDS
from tests.system.workspace import System

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
ENGLISH = {
    "locale": "en-US",
    "question": "Is it so?",
    "thinking": r"Thinking… [1-9]\d* s",
    "stop": "Stop",
    "stopped": "Stopped.",
    "counted": "8 of them thought",
    "cut": "cut short at the limit",
}
JAPANESE = {
    "locale": "ja-JP",
    "question": "そうですか？",
    "thinking": r"考えています… [1-9]\d* 秒",
    "stop": "停止",
    "stopped": "停止しました。",
    "counted": "うち思考 8",
    "cut": "（上限で打ち切り）",
}


@pytest.fixture(params=[("desktop", ENGLISH), ("phone", JAPANESE)], ids=["desktop-en", "phone-ja"])
def view(request: Any) -> tuple[str, dict[str, str]]:
    """A width of the page, and what a person writes and reads in one language."""
    return cast("tuple[str, dict[str, str]]", request.param)


@pytest.fixture
def words(view: tuple[str, dict[str, str]]) -> dict[str, str]:
    """What a person writes and reads."""
    return view[1]


@pytest.fixture
def page(view: tuple[str, dict[str, str]], browser: Browser) -> Iterator[Page]:
    """An empty page of that width."""
    size, words = view
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale=words["locale"]
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def keep(
    page: Page, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], None]:
    """Keep a screenshot, to be looked at."""
    file = tmp_path_factory.getbasetemp() / f"{request.node.name}.png"

    def take() -> None:
        page.screenshot(path=str(file))

    return take


def visit(page: Page, system: System) -> None:
    """Open the system's page, and wait for the question that the workspace asks by itself."""
    page.goto(system.workspace.page)
    expect(page.get_by_test_id("message").first).to_be_visible(timeout=MILLISECONDS)


def ask(page: Page, text: str) -> None:
    """Type a question, send it with Enter and open its thread."""
    composer = page.get_by_test_id("composer")
    composer.click()
    before = page.get_by_test_id("message").count()
    composer.fill(text)
    composer.press("Enter")
    expect(page.get_by_test_id("message")).to_have_count(before + 1, timeout=MILLISECONDS)
    if page.viewport_size and page.viewport_size["width"] < 800:
        page.get_by_test_id("message").last.get_by_test_id("open-thread").click(
            timeout=MILLISECONDS
        )
    expect(page.get_by_test_id("thread")).to_be_visible(timeout=MILLISECONDS)


def test_a_thought_shows_its_seconds_and_can_be_stopped(
    page: Page, system: System, words: dict[str, str], keep: Callable[[], None]
) -> None:
    visit(page, system)
    ask(page, f"@swallow think=on {words['question']}")
    message = page.get_by_test_id("thread-message").last

    expect(message).to_contain_text(re.compile(words["thinking"]), timeout=MILLISECONDS)
    keep()
    page.get_by_role("button", name=words["stop"], exact=True).press("Enter")

    expect(message).to_contain_text(words["stopped"], timeout=MILLISECONDS)
    expect(page.get_by_role("button", name=words["stop"], exact=True)).to_have_count(0)


def test_a_budget_ends_the_thought_and_the_footer_says_so(
    page: Page, system: System, words: dict[str, str], keep: Callable[[], None]
) -> None:
    visit(page, system)
    ask(page, f"@swallow {words['question']}")
    message = page.get_by_test_id("thread-message").last

    expect(message).to_contain_text(words["cut"], timeout=MILLISECONDS)
    expect(message).to_contain_text("YES!")
    keep()


def test_behind_a_thought_stands_the_answer_and_the_footer_counts_it(
    page: Page, concluding: System, words: dict[str, str], keep: Callable[[], None]
) -> None:
    visit(page, concluding)
    ask(page, f"@swallow {words['question']}")
    message = page.get_by_test_id("thread-message").last

    expect(message).to_contain_text(words["counted"], timeout=MILLISECONDS)
    expect(message).to_contain_text("YES!")
    expect(message).not_to_contain_text(words["cut"])
    keep()
