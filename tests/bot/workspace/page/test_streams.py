"""An answer in direct messages in a real browser, with a real bot; the test acts as the worker."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tasks.broker.jobs import Jobs
from tests.bot.claims import delivered
from tests.bot.conftest import Serve, job_of, until
from tests.bot.workspace.page.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWERED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}


async def test_an_answer_streams_under_its_stop_button_and_has_no_links(
    open_page: Open, serve: Serve, jobs: Jobs
) -> None:
    async with serve():
        page = await open_page(at="#DALICE")
        await page.get_by_test_id("composer").fill("Count!")
        await page.get_by_test_id("composer").press("Enter")
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "**one** http://evil.example <!channel>"})
        answer = page.get_by_test_id("thread-message").last
        growing = answer.locator(".streaming")
        await expect(growing.locator("strong")).to_have_text("one")
        element = await growing.element_handle()
        jobs.append(job.id, 1, "text", {"text": " [two](http://evil.example)"})

        await expect(growing).to_contain_text("two")

        assert await growing.evaluate("(node, before) => node === before", element)
        await expect(growing.locator("a, .mention")).to_have_count(0)
        await answer.get_by_role("button", name="Stop").click()

        async def stopped() -> bool:
            return jobs.check_lease(job.id, 1) == "cancel"

        await until(stopped, "the wish to stop")
        jobs.finish(job.id, 1, "cancelled", ANSWERED)
        await delivered(jobs)
        await expect(growing).to_have_count(0)
        await expect(answer).to_contain_text("stopped")
        await expect(answer.locator("a")).to_have_count(0)
