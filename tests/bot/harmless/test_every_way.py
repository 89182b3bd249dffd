"""Hostile text in every way in which text can be posted: no ping, no link.

What is sent is judged by `reading`, which knows Slack and not the bot. `make fuzz` draws many such
texts; one run says each in all ways.
"""

import random
import tempfile
from pathlib import Path

import aiohttp
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis

from bot.alerts import alerts
from bot.blind import presenter
from bot.workspace.server import running
from tests.bot.conftest import serve_at
from tests.bot.feedback.conftest import Teacher
from tests.bot.harmless.reading import dangers
from tests.bot.harmless.sent import everything_sent
from tests.bot.harmless.ways import MARK, Everywhere, own_references

ATOMS = (
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<!subteam^S123|@team>",
    "<!date^0^{date}^http://evil.com|x>",
    "<@U123>",
    "<@UBOB|bob>",
    "<#C1|x>",
    "<#CRANDOM>",
    "<http://evil.com|click>",
    "<mailto:a@evil.com|mail>",
    "<tel:+123|call>",
    "<javascript:alert(1)|x>",
    "@here",
    "@channel",
    "@everyone",
    "@bob",
    "#random",
    "http://evil.com/a?b=c&d",
    "https://evil.com",
    "www.evil.com",
    "evil.com",
    "mailto:a@evil.com",
    "a@evil.com",
    "[a](http://evil.com)",
    "![b](http://evil.com/b.png)",
    "[c][d]\n\n[d]: http://evil.com",
    "[evil.com](<http://evil.com>)",
    "&lt;!channel&gt;",
    "&amp;lt;!here&amp;gt;",
    "&#60;!here&#62;",
    "\\<!here\\>",
    "<\u200b!here>",
    "<!\u200bhere>",
    "<!h\u0336ere>",
    "＜!here＞",
    "<！here>",
    "<@U１２３>",
    "＠here",
    "<!:smile:here>",
    "<<!here>>",
    "<!here",
    "!here>",
    "<a href='http://evil.com'>x</a>",
    "<img src=http://evil.com/x.png>",
    "| <!here> | evil |\n|---|---|\n| <@UBOB> | [x](http://evil.com) |\n| <!chan | nel> |",
    "```\n<!here> http://evil.com\n```",
    "`<!here>`",
    "```",
    "`",
    "**<!here>**",
    "# <!here>",
    "- <!here>\n  - <@UBOB>",
    "> <!here>",
    "{0}",
    "%s",
    "\u202e<!here>",
    "\x00",
    "\ud83d",
)
"""What texts are made of: references, addresses, Markdown, and what looks like each of them."""

SETTINGS = {"feedback": "on", "alert_channel": "CRANDOM", "progress_seconds": "0.05"}
READ_BY_PEOPLE = {
    "acknowledgement",
    "chat.postMessage",
    "chat.startStream",
    "chat.update",
    "files.completeUploadExternal",
    "response_url",
    "views.open",
    "views.publish",
    "views.update",
}
"""The ways in which something of a text reaches people."""

texts = st.lists(st.sampled_from(ATOMS), min_size=1, max_size=12)
gaps = st.sampled_from([" ", "", "\n", "\n\n", "|"])


@st.composite
def said(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a text, and the pieces in which a model writes it."""
    text = draw(gaps).join([MARK, *draw(texts)]).encode("utf-8", "replace").decode()
    return text, cut(text, draw(st.integers(0, 2**16)))


def cut(text: str, seed: int) -> list[str]:
    """Return a text in pieces of a few characters, as tokens are."""
    chance, pieces, at = random.Random(seed), [], 0
    while at < len(text):
        size = chance.randint(1, 40)
        pieces.append(text[at : at + size])
        at += size
    return pieces


WHOLE = "\n".join([MARK, *ATOMS]).encode("utf-8", "replace").decode()


@settings(
    suppress_health_check=list(HealthCheck), max_examples=max(1, settings().max_examples // 50)
)
@given(said=said())
@example(said=(WHOLE, cut(WHOLE, 1)))
async def test_whatever_is_said_pings_nobody_and_is_no_link(
    on_valkey: None, redis: Redis, tmp_path: Path, said: tuple[str, list[str]]
) -> None:
    text, pieces = said
    redis.flushall()
    home = Path(tempfile.mkdtemp(dir=tmp_path))
    async with running() as workspace, aiohttp.ClientSession() as http:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SWALLOW_HOME", str(home))
            patch.setattr(presenter, "LOOK_SECONDS", 0.05)
            patch.setattr(alerts, "LOOK_SECONDS", 0.05)
            workspace.locales.update({"UADMIN": "ja-JP", "UALICE": "en-GB"})
            sent = everything_sent(workspace, patch)
            everywhere = Everywhere(Teacher(workspace, http, redis), home, text, pieces)
            everywhere.prepare()
            async with serve_at(workspace, patch)(**SETTINGS):
                for step in everywhere.steps:
                    await step()

    own = own_references()
    assert [
        (way, danger, body) for way, body in sent.all for danger in dangers(way, body, own)
    ] == []
    assert sent.ways_of(MARK) >= READ_BY_PEOPLE
