"""An admin at the page trains the small model, watches the training, and switches to its adapter.

This is the first training of this system: its speed is measured for the plan, and it is so short
that it starts by itself.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.patience import MILLISECONDS
from tests.system.adapters.marker import MARK, OPTIONS, write_marker
from tests.system.workspace import System

QUESTION = "@swallow What is the capital of France?"


@pytest.fixture(scope="module")
def trained(system: System) -> System:
    """The running system with a dataset whose every answer is the same word."""
    write_marker(system)
    return system


@pytest.fixture
def page(
    browser: Browser, trained: System, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    """The admin's page; screenshots of it are kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    page = context.new_page()
    page.goto(f"{trained.workspace.page}&user=UADMIN#CRANDOM")
    expect(page.locator("#app[data-ready]")).to_be_attached(timeout=MILLISECONDS)
    yield page
    screenshot(page, tmp_path_factory.getbasetemp(), "end")
    context.close()


def screenshot(page: Page, folder: Path, name: str) -> None:
    page.screenshot(path=str(folder / f"training-{name}.png"))


def send(page: Page, text: str) -> None:
    composer = page.get_by_test_id("composer")
    composer.fill(text)
    composer.press("Enter")
    expect(composer).to_have_text("", timeout=MILLISECONDS)


def answer(page: Page) -> str:
    """Ask the fixed question and return the answer's own text."""
    if page.get_by_test_id("close-thread").is_visible():
        page.get_by_test_id("close-thread").click()
    expect(page.get_by_test_id("thread")).to_be_hidden()
    send(page, QUESTION)  # its thread opens by itself
    reply = page.get_by_test_id("thread-message").last
    expect(reply).to_contain_text("tokens/s", timeout=MILLISECONDS)
    return reply.locator(".mrkdwn, p").first.inner_text()


def ask_for_training(page: Page, screenshots: Path) -> None:
    """Fill in the form as the marker's command has it; a wrong field is said to be wrong."""
    page.get_by_test_id("composer").fill("/swallow-train")
    page.get_by_test_id("composer").press("Control+Enter")
    form = page.get_by_test_id("form")
    form.get_by_label("Data", exact=True).select_option("marker", timeout=MILLISECONDS)
    options = dict(word.split("=") for word in OPTIONS.split())
    form.get_by_test_id("field-output").get_by_role("textbox").fill(options["output"])
    form.get_by_role("button", name="Advanced options").click()
    lr = form.get_by_test_id("field-lr")
    lr.get_by_role("textbox").fill("3", timeout=MILLISECONDS)
    for name in ("epochs", "batch", "val"):
        form.get_by_test_id(f"field-{name}").get_by_role("textbox").fill(options[name])
    form.get_by_test_id("form-submit").click()
    expect(lr).to_contain_text("It must be a number above 0", timeout=MILLISECONDS)
    screenshot(page, screenshots, "form")
    lr.get_by_role("textbox").fill(options["lr"])
    form.get_by_test_id("form-submit").click()
    expect(form).to_be_hidden(timeout=MILLISECONDS)


def last(page: Page, text: str) -> Locator:
    return page.get_by_test_id("message").filter(has_text=text).last


def test_an_admin_trains_watches_and_switches(
    page: Page, trained: System, tmp_path_factory: pytest.TempPathFactory
) -> None:
    screenshots = tmp_path_factory.getbasetemp()
    base = answer(page)
    page.get_by_test_id("close-thread").click()

    ask_for_training(page, screenshots)

    plan = last(page, "Training plan: marked")
    expect(plan).to_contain_text("32 to train on · 4 held out", timeout=MILLISECONDS)
    expect(plan).to_contain_text("so it starts without asking")
    screenshot(page, screenshots, "plan")
    running = last(page, "Training: marked")
    expect(running).to_contain_text("tokens/s", timeout=MILLISECONDS)
    screenshot(page, screenshots, "running")
    finished = last(page, "Training finished: marked")
    expect(finished).to_contain_text("held-out loss", timeout=MILLISECONDS)
    finished.get_by_test_id("open-thread").click()
    thread = page.get_by_test_id("thread")
    expect(thread).to_contain_text("The training has started.")
    expect(thread).to_contain_text("The same questions, before and after")
    curve = thread.get_by_role("img", name="Loss of marked")
    expect(curve).to_be_visible(timeout=MILLISECONDS)
    assert curve.evaluate("image => image.naturalWidth") > 300
    screenshot(page, screenshots, "finished")
    page.get_by_test_id("close-thread").click()

    finished.get_by_role("button", name="Use this adapter").click()

    expect(last(page, "From the next question on")).to_contain_text("marked")
    assert MARK in answer(page)
    page.get_by_test_id("close-thread").click()
    send(page, "/swallow-adapter off")
    expect(last(page, "I answer with the base model")).to_be_visible()
    assert answer(page) == base
