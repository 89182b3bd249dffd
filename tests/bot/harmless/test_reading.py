"""The rule by which what is sent is judged finds what Slack would make a ping or a link of."""

from typing import Any

import pytest

from tests.bot.harmless.reading import dangers

OWN = frozenset({"<@UADMIN>"})
POSTED = {"parse": "none", "unfurl_links": False, "unfurl_media": False}


def section(text: str, **more: Any) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text, **more}}]


def rich(**element: Any) -> list[dict[str, Any]]:
    line = {"type": "rich_text_section", "elements": [element]}
    return [{"type": "rich_text", "elements": [line]}]


@pytest.mark.parametrize(
    "text",
    [
        "<!here>",
        "<@U1>",
        "<#C1|x>",
        "<http://a.b|c>",
        "<mailto:a@b.c>",
        "<!date^1^{time}^http://a.b|c>",
    ],
)
def test_slacks_own_form_is_found_wherever_it_is_read(text: str) -> None:
    verbatim = section(text, verbatim=True)
    for way, sent in (
        ("chat.postMessage", {"text": text, **POSTED}),
        ("chat.postMessage", {"text": "", "blocks": verbatim, **POSTED}),
        ("chat.update", {"text": text, "parse": "none"}),
        ("views.publish", {"view": {"type": "home", "blocks": verbatim}}),
        ("response_url", {"text": "", "blocks": verbatim}),
        ("acknowledgement", {"text": text}),
        ("chat.appendStream", {"markdown_text": f"piece {text}"}),
        ("chat.stopStream", {"chunks": [{"type": "markdown_text", "text": text}]}),
        ("chat.stopStream", {"blocks": [{"type": "markdown", "text": text}]}),
        ("assistant.threads.setStatus", {"status": text}),
        ("files.completeUploadExternal", {"initial_comment": text}),
    ):
        assert dangers(way, sent, OWN), (way, sent)
        plain = {"type": "header", "text": {"type": "plain_text", "text": text}}
        assert not dangers("views.open", {"view": {"blocks": [plain]}}, OWN)


@pytest.mark.parametrize("text", ["http://a.b", "www.a.b", "a@b.c", "a.com", "@here", "#general"])
def test_what_stands_alone_is_found_where_it_is_looked_for(text: str) -> None:
    verbatim = section(text, verbatim=True)
    for way, sent in (
        ("chat.postMessage", {"text": "", "blocks": section(text), **POSTED}),
        ("chat.update", {"text": text}),
        ("response_url", {"text": text}),
        ("chat.appendStream", {"markdown_text": text}),
    ):
        assert dangers(way, sent, OWN), (way, sent)
    assert not dangers("chat.postMessage", {"text": text, "blocks": verbatim, **POSTED}, OWN)
    assert not dangers("response_url", {"text": text, "blocks": verbatim}, OWN)


@pytest.mark.parametrize("text", ["[a](b)", "![a](b)", "[a][b]", "a\n[b]: c", "<http://a.b>"])
def test_markdown_links_are_found(text: str) -> None:
    assert dangers("chat.startStream", {"markdown_text": text}, OWN)


@pytest.mark.parametrize(
    "element",
    [
        {"type": "link", "url": "a"},
        {"type": "user", "user_id": "U1"},
        {"type": "broadcast", "range": "here"},
        {"type": "text", "text": "a", "url": "b"},
    ],
)
def test_elements_that_are_links_are_found(element: dict[str, Any]) -> None:
    assert dangers("chat.update", {"parse": "none", "blocks": rich(**element)}, OWN)
    assert not dangers("chat.update", {"parse": "none", "blocks": rich(type="text", text="a")}, OWN)


def test_what_is_meant_and_what_nobody_reads_is_not_found() -> None:
    meant = section("<!date^1^{time}|2026> <@UADMIN> &lt;!here&gt; * a [b](c)", verbatim=True)
    assert not dangers("chat.postMessage", {"text": "<@UADMIN>", "blocks": meant, **POSTED}, OWN)
    assert not dangers("users.info", {"user": "<!here>"}, OWN)


def test_previews_attachments_and_ways_that_nobody_has_looked_at_are_found() -> None:
    assert dangers("chat.postMessage", {"text": "a", "parse": "none"}, OWN)
    assert dangers("chat.update", {"parse": "none", "attachments": [{"text": "a"}]}, OWN)
    assert dangers("canvases.create", {"title": "a"}, OWN)
