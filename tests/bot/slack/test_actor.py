"""Where somebody pressed a button, so that what is said to them is seen there."""

import pytest

from bot.slack.actor import Actor


@pytest.mark.parametrize(
    ("thread_ts", "expected"),
    [(None, ""), ("1.0", ""), ("0.5", "0.5")],
    ids=["without replies", "with replies", "a reply"],
)
def test_a_message_with_replies_is_pressed_in_the_channel(
    thread_ts: str | None, expected: str
) -> None:
    container = {"type": "message", "channel_id": "C1", "message_ts": "1.0"}
    if thread_ts:
        container["thread_ts"] = thread_ts

    actor = Actor.of_press({"user": {"id": "U1", "team_id": "T1"}, "container": container})

    assert (actor.channel, actor.thread_ts) == ("C1", expected)
