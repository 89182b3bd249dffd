"""Milestones at a real local workspace."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Journal
from bot.delivery.milestones import Milestones
from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs


async def test_a_milestone_in_doubt_is_looked_for_although_others_were_skipped_meanwhile(
    workspace: Workspace, jobs: Jobs
) -> None:
    client = AsyncWebClient(workspace.tokens.bot, base_url=workspace.api_url, retry_handlers=[])
    jobs.create("a", "train", destination={}, asked={})
    job = jobs.get("a")
    assert job is not None
    root = await client.chat_postMessage(channel="CGENERAL", text="Training")
    thread = Destination("CGENERAL", root["ts"], root["ts"])
    milestones = Milestones(client, Journal(jobs, job))

    workspace.faults.set({"lose_response": {"chat.postMessage": 1}})
    milestones.add("50", "50 % done")
    assert not await milestones.post(thread)
    milestones.skip("25")
    assert await milestones.post(thread)

    found = await client.conversations_replies(channel="CGENERAL", ts=root["ts"])
    assert [message["text"] for message in found["messages"][1:]] == ["50 % done"]


class CountingClient(AsyncWebClient):
    """Remembers which methods it called."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.called: list[str] = []

    async def api_call(self, api_method: str, **keywords: Any) -> Any:
        self.called.append(api_method)
        return await super().api_call(api_method, **keywords)


async def test_what_an_earlier_follower_posted_is_looked_for_once_and_not_posted_again(
    workspace: Workspace, jobs: Jobs
) -> None:
    client = CountingClient(workspace.tokens.bot, base_url=workspace.api_url)
    jobs.create("a", "train", destination={}, asked={})
    root = await client.chat_postMessage(channel="CGENERAL", text="Training")
    thread = Destination("CGENERAL", root["ts"], root["ts"])

    async def post(*names: str) -> None:
        job = jobs.follow("a")
        assert job is not None
        milestones = Milestones(client, Journal(jobs, job))
        for name in names:
            milestones.add(name, f"{name} % done")
            assert await milestones.post(thread)

    await post("0", "25")
    assert "conversations.replies" not in client.called
    jobs.redis.hdel("swallow:job:a", "posts")  # with the broker's last second
    await post("0", "25", "50", "75", "100")

    assert client.called.count("conversations.replies") == 1
    found = await client.conversations_replies(channel="CGENERAL", ts=root["ts"])
    texts = [message["text"] for message in found["messages"][1:]]
    assert texts == [f"{percent} % done" for percent in (0, 25, 50, 75, 100)]
