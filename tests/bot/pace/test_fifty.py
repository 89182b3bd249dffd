"""Many people at once at Slack's rates: every text is whole, and Slack has refused nothing."""

from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Serve
from tests.drills.fifty import fifty


async def test_many_answers_at_once_keep_to_slacks_rates_and_lose_no_text(
    serve: Serve, workspace: Workspace, jobs: Jobs
) -> None:
    async with serve(rate_limits="on", edit_seconds="1.2"):
        figures = await fifty(workspace, jobs, people=20, at_once=20, seconds=0.6)

    calls = figures["calls"]
    assert not any(method["refused"] for method in calls.values())
    assert calls["chat.postMessage"]["calls"] + calls["chat.startStream"]["calls"] == 20
    assert calls["chat.startStream"]["calls"] == calls["chat.stopStream"]["calls"]
    assert calls["chat.postMessage"]["most_in_a_second_and_channel"] == 1
    assert calls["chat.update"]["most_in_a_minute"] <= 50
