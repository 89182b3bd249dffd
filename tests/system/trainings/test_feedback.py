"""A team at the page teaches the model an answer: corrected, approved, learned, examined, used."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.patience import MILLISECONDS
from tests.system.workspace import System

QUESTION = "Who runs our wiki?"
RIGHT = "Kimura."
# Enough for the tiny model; no answers of its own are kept, they are noise.
TRAIN = "/swallow-train data=feedback output=taught keep=0 lr=0.01 epochs=60"

Open = Callable[[str, str], Page]


@pytest.fixture
def open_page(
    browser: Browser, tiny: System, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    """Open the page as a person; a screenshot of its end is kept."""
    pages: list[Page] = []

    def opened(user: str, at: str) -> Page:
        page = browser.new_context(locale="en-US").new_page()
        pages.append(page)
        page.goto(f"{tiny.workspace.page}&user={user}{at}")
        expect(page.locator("#app[data-ready]")).to_be_attached(timeout=MILLISECONDS)
        return page

    yield opened
    for number, page in enumerate(pages):
        page.screenshot(path=str(tmp_path_factory.getbasetemp() / f"taught-{number}.png"))
        page.context.close()


def send(page: Page, text: str) -> None:
    page.get_by_test_id("composer").fill(text)
    page.get_by_test_id("composer").press("Enter")


def answer(page: Page) -> Locator:
    """Ask the question, whose thread opens by itself, and return the finished answer."""
    if page.get_by_test_id("close-thread").is_visible():
        page.get_by_test_id("close-thread").click()
    expect(page.get_by_test_id("thread")).to_be_hidden()
    send(page, f"@swallow {QUESTION}")
    reply = page.get_by_test_id("thread-message").last
    expect(reply.get_by_role("button", name="Correct this")).to_be_visible()
    return reply


def test_a_wrong_answer_is_corrected_approved_learned_examined_and_used(open_page: Open) -> None:
    alice = open_page("UALICE", "#CRANDOM")
    wrong = answer(alice)
    expect(wrong).not_to_contain_text(RIGHT)
    wrong.get_by_role("button", name="Correct this").click()
    form = alice.get_by_test_id("form")
    expect(form.get_by_label("Question", exact=True)).to_have_value(QUESTION)
    form.get_by_label("The right answer").fill(RIGHT)
    form.get_by_role("button", name="Propose").click()
    expect(form).to_be_hidden()

    admin = open_page("UADMIN", "#DADMIN/home")
    home = admin.get_by_test_id("home")
    expect(home).to_contain_text(RIGHT)
    home.get_by_role("button", name="Approve to learn from").click()
    expect(home.get_by_role("button", name="Approve to learn from")).to_have_count(0)

    admin.get_by_test_id("channel-random").click()
    send(admin, TRAIN)
    finished = admin.get_by_test_id("message").filter(has_text="Training finished: taught")
    expect(finished).to_contain_text(re.compile("1 of 1 corrections? learned"))
    finished.get_by_test_id("open-thread").click()
    thread = admin.get_by_test_id("thread")
    thread.get_by_role("button", name="A", exact=True).first.click()
    thread.get_by_role("button", name="Reveal").click()
    expect(thread).to_contain_text("The comparison is over")
    expect(thread).to_contain_text("preferred")
    finished.get_by_role("button", name="Use this adapter").click()
    expect(admin.get_by_test_id("message").last).to_contain_text("From the next question on")

    expect(answer(alice)).to_contain_text(RIGHT)
    send(admin, "/swallow-adapter off")
    expect(admin.get_by_test_id("message").last).to_contain_text("base model")
