"""The manifests that are made from the one for Socket Mode: the app over HTTP, and as an agent.

`python -m tests.manifests` writes them beside it; a test compares.
"""

import re
from pathlib import Path

DEPLOY = Path(__file__).parents[1] / "deploy"
SOCKET_MODE = DEPLOY / "slack-manifest.yaml"
HTTP, AGENT = DEPLOY / "slack-manifest-http.yaml", DEPLOY / "slack-manifest-agent.yaml"

URL = "https://swallow.example.com/slack/events"
HTTP_HEAD = f"""\
# The same Slack app over HTTP, for `swallow bot --http`. Made from slack-manifest.yaml by
# `make reference`. Put the address under which Slack reaches the bot in the place of
# {URL}, wherever that stands.
"""
AGENT_HEAD = """\
# The same Slack app as an agent (Socket Mode): suggested prompts, titles, Slack's own Stop.
# Made from slack-manifest.yaml by `make reference`. Guests of the workspace cannot use agents, and
# an app that is an agent cannot become a plain one again: think of slack-manifest.yaml first.
"""
AGENT_VIEW = """\
  agent_view:
    agent_description: Your team's own Japanese LLM. Ask it here, or mention it in a channel.
"""


def over_http(manifest: str) -> str:
    """Return the manifest with a request URL for everything, and without Socket Mode."""
    _, _, manifest = manifest.partition("\n")
    url = f"url: {URL}"
    manifest = re.sub(r"^( +)- (command: .*)$", rf"\1- \2\n\1  {url}", manifest, flags=re.M)
    for section in ("event_subscriptions", "interactivity"):
        manifest = re.sub(
            rf"^( +){section}:$", rf"\1{section}:\n\1  request_{url}", manifest, flags=re.M
        )
    return HTTP_HEAD + manifest.replace("socket_mode_enabled: true", "socket_mode_enabled: false")


def as_agent(manifest: str) -> str:
    """Return the manifest with the agent's view, its scope, and the event of its Stop."""
    _, _, manifest = manifest.partition("\n")
    manifest = manifest.replace("features:\n", f"features:\n{AGENT_VIEW}", 1)
    manifest = re.sub(
        r"^( +)(- app_mentions:read .*)$",
        r"\1\2\n\1- assistant:write    # suggest prompts",
        manifest,
        flags=re.M,
    )
    return AGENT_HEAD + re.sub(
        r"^( +)- app_home_opened$",
        r"\1- agent_session_stopped\n\1- app_home_opened",
        manifest,
        flags=re.M,
    )


if __name__ == "__main__":
    plain = SOCKET_MODE.read_text("utf-8")
    HTTP.write_text(over_http(plain), "utf-8")
    AGENT.write_text(as_agent(plain), "utf-8")
