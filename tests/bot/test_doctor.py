"""What the doctor says of the connection to Slack."""

import pytest

from bot.doctor import check
from bot.settings import BotSettings
from bot.workspace.workspace import Workspace
from tasks.settings import checked
from tests.bot.conftest import Serve
from tests.system.workspace import free_port


async def test_over_http_the_signing_secret_and_the_address_are_looked_at(
    serve: Serve, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()

    async def rows() -> dict[str, tuple[bool, str]]:
        return {
            str(row["check"]): (bool(row["ok"]), str(row["detail"]))
            for row in await check(checked(BotSettings))
        }

    async with serve(http=str(port)):
        monkeypatch.setenv("SLACK_BOT_TOKEN", workspace.tokens.bot)
        monkeypatch.setenv("SLACK_APP_TOKEN", "")
        running = await rows()
        assert running["SLACK_SIGNING_SECRET"] == (False, "is not 32 characters of 0-9 and a-f")
        assert running["SWALLOW_HTTP"] == (True, f"a bot listens at 127.0.0.1:{port}")
        assert "SLACK_APP_TOKEN" not in running
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "0123456789abcdef" * 2)
    stopped = await rows()
    assert stopped["SLACK_SIGNING_SECRET"] == (True, "looks like one")
    assert stopped["SWALLOW_HTTP"] == (True, f"no bot listens at 127.0.0.1:{port} now")
    monkeypatch.setenv("SWALLOW_HTTP", str(workspace.port))
    other = f"what listens at 127.0.0.1:{workspace.port} is no bot"
    assert (await rows())["SWALLOW_HTTP"] == (False, other)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "")
    assert (await rows())["Slack tokens"][0] is False
