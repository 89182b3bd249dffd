"""The templates in deploy/ ask for what the code needs: no more, no less."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from slack_bolt.async_app import AsyncApp

from bot.bot import Bot
from bot.connections.health import HEALTH_PATH
from bot.connections.http import REQUEST_PATH
from bot.doctor import SCOPES
from bot.listeners import register
from bot.settings import BotSettings
from bot.surface import AGENT_SCOPE
from bot.workspace.sign_in import PAGE
from tasks.settings import Settings
from tests.conftest import missing
from tests.manifests import AGENT, HTTP, SOCKET_MODE, URL, as_agent, over_http

DEPLOY = Path(__file__).parents[1] / "deploy"
UNITS = ("swallow.service", "swallow-worker.service")


class Listening:
    """Stands for a Bolt app and notes what is registered with it."""

    def __init__(self) -> None:
        self.events: set[str] = set()
        self.commands: set[str] = set()
        self.shortcuts: set[str] = set()

    def event(self, name: str | dict[str, str]) -> Any:
        self.events.add(name if isinstance(name, str) else name["type"])
        return lambda listener: listener

    def command(self, name: str) -> Any:
        self.commands.add(name)
        return lambda listener: listener

    def shortcut(self, name: str) -> Any:
        self.shortcuts.add(name)
        return lambda listener: listener

    def action(self, _id: str) -> Any:
        return lambda listener: listener

    view = view_closed = action


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load((DEPLOY / "slack-manifest.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def listening() -> Listening:
    app = Listening()
    register(cast(AsyncApp, app), cast(Bot, None))
    return app


def test_the_app_asks_for_the_scopes_that_the_doctor_looks_for(manifest: Any) -> None:
    assert manifest["oauth_config"]["scopes"]["bot"] == list(SCOPES)


def test_the_app_hears_what_the_bot_listens_to(manifest: Any, listening: Listening) -> None:
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    of_agents = {"agent_session_stopped"}
    assert {event.partition(".")[0] for event in events} == listening.events - of_agents
    conversations = {event.partition(".")[2] for event in events} - {""}
    assert {f"{name}:history" for name in conversations} == {
        scope for scope in SCOPES if scope.endswith(":history")
    }


def test_the_app_has_the_commands_that_the_bot_answers(manifest: Any, listening: Listening) -> None:
    commands = manifest["features"]["slash_commands"]
    assert {command["command"] for command in commands} >= listening.commands
    assert all(command["usage_hint"] for command in commands)


def test_the_app_has_the_shortcuts_that_the_bot_answers(
    manifest: Any, listening: Listening
) -> None:
    shortcuts = manifest["features"]["shortcuts"]
    assert {shortcut["callback_id"] for shortcut in shortcuts} == listening.shortcuts
    assert all(len(shortcut["name"]) <= 24 for shortcut in shortcuts)
    assert all(len(shortcut["description"]) <= 150 for shortcut in shortcuts)


def test_the_page_of_the_local_workspace_offers_what_the_app_has(manifest: Any) -> None:
    page = (PAGE / "commands.js").read_text("utf-8")
    commands, shortcuts = page.split("export const ARGUMENTS")
    assert set(re.findall(r'name: "(/[\w-]+)"', commands)) == {
        command["command"] for command in manifest["features"]["slash_commands"]
    }
    assert set(re.findall(r'callbackId: "(\w+)"', shortcuts)) == {
        shortcut["callback_id"] for shortcut in manifest["features"]["shortcuts"]
    }


def test_the_app_needs_no_address_of_ours(manifest: Any) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert "url" not in (DEPLOY / "slack-manifest.yaml").read_text("utf-8")


def test_the_manifest_over_http_differs_in_its_addresses_alone(manifest: Any) -> None:
    text = HTTP.read_text("utf-8")
    assert text == over_http(SOCKET_MODE.read_text("utf-8")), "run `make reference`"
    http = yaml.safe_load(text)
    assert {command.pop("url") for command in http["features"]["slash_commands"]} == {URL}
    settings = http["settings"]
    assert settings["event_subscriptions"].pop("request_url") == URL
    assert settings["interactivity"].pop("request_url") == URL
    assert settings.pop("socket_mode_enabled") is False
    assert http == manifest | {"settings": settings}
    assert settings | {"socket_mode_enabled": True} == manifest["settings"]
    assert URL.endswith(REQUEST_PATH)


def test_the_manifest_of_the_agent_adds_what_an_agent_has(manifest: Any) -> None:
    text = AGENT.read_text("utf-8")
    assert text == as_agent(SOCKET_MODE.read_text("utf-8")), "run `make reference`"
    agent = yaml.safe_load(text)
    view = agent["features"].pop("agent_view")
    assert view.keys() == {"agent_description"}
    assert len(view["agent_description"]) <= 300
    agent["oauth_config"]["scopes"]["bot"].remove(AGENT_SCOPE)
    agent["settings"]["event_subscriptions"]["bot_events"].remove("agent_session_stopped")
    assert agent == manifest


def test_the_manifest_keeps_to_slacks_lengths(manifest: Any) -> None:
    assert len(manifest["display_information"]["name"]) <= 35
    assert len(manifest["display_information"]["description"]) <= 140
    home = manifest["features"]["app_home"]
    assert (home["messages_tab_enabled"], home["messages_tab_read_only_enabled"]) == (True, False)


def test_the_environment_template_sets_only_variables_that_exist(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text((DEPLOY / "swallow.env.example").read_text("utf-8"), encoding="utf-8")
    names = {line.partition("=")[0] for line in file.read_text("utf-8").splitlines() if "=" in line}
    known = {
        f"SWALLOW_{name}".upper() for kind in (Settings, BotSettings) for name in kind.model_fields
    }
    assert names - known == {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
    }
    settings = Settings()  # reads .env in the working directory, which is tmp_path
    assert settings.model == "tokyotech-llm/Swallow-7b-instruct-hf"
    assert not settings.uses_slack
    assert BotSettings().channels == ()


def test_compose_runs_bot_and_workers_on_one_broker() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]
    assert "noeviction" in services["valkey"]["command"]
    ours = {name: service for name, service in services.items() if name != "valkey"}
    assert {name: service["command"][0] for name, service in ours.items()} == {
        "bot": "bot",
        "worker": "worker",
        "planner": "worker",
        "trainer": "worker",
    }
    for service in ours.values():
        assert service["environment"]["SWALLOW_REDIS_URL"] == "redis://valkey:6379/0"
    health = f"http://{ours['bot']['environment']['SWALLOW_HEALTH']}{HEALTH_PATH}"
    assert health in " ".join(ours["bot"]["healthcheck"]["test"])


@pytest.mark.parametrize("name", UNITS)
def test_units_run_as_their_own_user_and_leave_time_to_stop(name: str) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / name, encoding="utf-8")
    service = unit["Service"]
    assert service["User"] == "swallow"
    assert service["KillMode"] == "mixed"
    # Worker and bot one after the other, then the broker, as `swallow up` ends them.
    assert float(service["TimeoutStopSec"]) >= Settings().drain_seconds + 10 + 8 + 10


@pytest.mark.parametrize("name", UNITS)
def test_systemd_understands_every_line_of_the_units(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze")
    unit = tmp_path / name
    text = (DEPLOY / name).read_text("utf-8")
    # The command must exist, and the service is not installed here.
    unit.write_text(text.replace("/opt/swallow/.venv/bin/swallow", sys.executable), "utf-8")

    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )

    # What it finds in the units of the machine itself is not ours.
    assert [line for line in done.stderr.splitlines() if name in line] == []
