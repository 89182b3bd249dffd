"""Milestones at a real local workspace."""

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
