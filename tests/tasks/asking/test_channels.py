"""The settings of channels, and the rows of feedback that are trained with them."""

from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tasks.asking.channels import NOTHING_SET, Channels, ChannelSettings
from tasks.feedback.row import FeedbackRow
from tasks.feedback.store import Feedback
from tasks.trainings.feedback_rows import rows_file
from trainer.data.dataset import read
from trainer.exam.paper import corrections_in


def test_what_is_set_is_kept_and_what_is_taken_back_leaves_nothing(redis: Redis) -> None:
    channels = Channels(redis)
    assert channels.get("C1") == NOTHING_SET
    settings = ChannelSettings(
        instructions=" 丁寧に。\r\n3文で。 ",
        language="ja",
        max_new_tokens=64,
        askers="people",
        people=("U1", "U2"),
    )
    channels.set("C1", settings)
    assert channels.get("C1").instructions == "丁寧に。\n3文で。"
    assert channels.all() == {"C1": settings}
    channels.set("C1", NOTHING_SET)
    assert not redis.keys("swallow:channel:*")


def test_what_two_admins_set_at_the_same_time_is_set(redis: Redis) -> None:
    channels = Channels(redis)
    channels.change("C1", {"language": "ja", "askers": "people", "people": ("U1",)})
    channels.change("C1", {"max_new_tokens": 64})
    channels.change("C1", {"askers": "everyone", "people": ()})

    assert channels.get("C1") == ChannelSettings(language="ja", max_new_tokens=64)
    with pytest.raises(ValueError, match="language"):
        channels.change("C1", {"language": "fr"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"instructions": "x" * 1001},
        {"language": "fr"},
        {"max_new_tokens": -1},
        {"max_new_tokens": 4097},
        {"askers": "nobody"},
        {"askers": "people"},
        {"people": ("U1",)},
        {"askers": "people", "people": tuple(map(str, range(51)))},
    ],
)
def test_what_cannot_hold_is_never_kept(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^\w+$"):
        ChannelSettings(**wrong)


def test_rows_of_a_channel_are_trained_and_examined_with_its_instruction(
    redis: Redis, tmp_path: Path
) -> None:
    Channels(redis).set("C1", ChannelSettings(instructions="丁寧に。"))
    feedback = Feedback(redis)
    for number, channel in enumerate(("C1", "C2")):
        row = FeedbackRow(
            id=f"row{number}",
            kind="correction",
            instruction=f"question {number}",
            input="",
            output="answer",
            author="U1",
            channel=channel,
        )
        assert feedback.propose(row)
        assert feedback.approve([feedback.rows()[-1].seen], "U2", exam=False)
    file = str(rows_file(redis, tmp_path, tmp_path / "training"))
    learned = {row.instruction: row.standing for row in read(file).rows}
    examined = {row.instruction: row.standing for row in corrections_in(file, ())}
    assert learned == examined == {"question 0": "丁寧に。", "question 1": ""}
