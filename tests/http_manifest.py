"""The manifest of the app over HTTP, made from the one for Socket Mode.

`python -m tests.http_manifest` writes it beside the other; a test compares.
"""

import re
from pathlib import Path

DEPLOY = Path(__file__).parents[1] / "deploy"
SOCKET_MODE, HTTP = DEPLOY / "slack-manifest.yaml", DEPLOY / "slack-manifest-http.yaml"

URL = "https://swallow.example.com/slack/events"
HEAD = f"""\
# The same Slack app over HTTP, for `swallow bot --http`. Made from slack-manifest.yaml by
# `make reference`. Put the address under which Slack reaches the bot in the place of
# {URL}, wherever that stands.
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
    return HEAD + manifest.replace("socket_mode_enabled: true", "socket_mode_enabled: false")


if __name__ == "__main__":
    HTTP.write_text(over_http(SOCKET_MODE.read_text("utf-8")), "utf-8")
