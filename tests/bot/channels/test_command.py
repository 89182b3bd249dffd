"""What people type after `/swallow-channel`."""

from typing import Any

import pytest

from bot.channels.command import Set, Show, parse
from bot.slack.command_words import Help, Wrong


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", Show(form=True)),
        ("show", Show()),
        ("help", Help()),
        ("language=ja", Set({"language": "ja"})),
        ("language＝日本語 max = 128", Set({"language": "ja", "max_new_tokens": 128})),
        ("language=auto max=auto", Set({"language": "", "max_new_tokens": 0})),
        ("ask=admins", Set({"askers": "admins", "people": ()})),
        ("ask=everyone", Set({"askers": "everyone", "people": ()})),
        ("ask=<@U1|alice>,<@U2>,U1", Set({"askers": "people", "people": ("U1", "U2")})),
        ("adapter=faq", Set({}, "faq")),
        ("adapter=off", Set({}, "")),
        (
            "max=64 instructions=丁寧に、3文で。\nlanguage=fr は使わない",
            Set({"max_new_tokens": 64, "instructions": "丁寧に、3文で。\nlanguage=fr は使わない"}),
        ),
        ("指示＝ 短く &lt;b&gt; ", Set({"instructions": "短く <b>"})),
        ("instructions=off", Set({"instructions": ""})),
    ],
)
def test_a_setting_is_understood(text: str, wanted: Any) -> None:
    assert parse(text) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour=red", "`colour=red` is not a setting"),
        ("language", "`language` is not a setting"),
        ("language=fr", "`ja`, `en` or `auto`"),
        ("max=15", "a whole number from 16 to 4096"),
        ("max=4097", "from 16 to 4096"),
        ("max=1e3", "from 16 to 4096"),
        ("ask=@alice", "`everyone`, `admins`, or up to 50"),
        (f"ask={','.join(f'U{n}' for n in range(51))}", "up to 50"),
        ("adapter=../x", "a name of ASCII letters"),
        ("max=64 max=64", "`max` is given twice"),
        ("show me", "`me` is one word too many"),
        (f"instructions={'x' * 1001}", "at most 1,000 characters"),
        ("language=<!channel>", "&lt;!channel&gt;"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    wrong = parse(text)
    assert isinstance(wrong, Wrong)
    assert words in wrong.sentence("en")
    assert "/swallow-channel" in wrong.sentence("ja")
