"""A final message is retried through outages, and not for ever where Slack refuses it."""

from collections.abc import Sequence

import pytest
from slack_sdk.errors import SlackApiError

from bot.delivery import retry
from bot.slack.blocks import Post, sentence

POST, PLAIN = sentence("all of it"), sentence("in short")


class Slack:
    """Fails with each of `errors` in turn, then accepts everything."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.shown: list[str] = []

    async def show(self, posts: Sequence[Post]) -> None:
        if self.errors:
            error = self.errors.pop(0)
            if error == "away":
                raise TimeoutError
            raise SlackApiError(error, {"ok": False, "error": error})  # type: ignore[no-untyped-call]
        self.shown.append(posts[0].text)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.0,))


async def delivered(slack: Slack) -> str:
    return await retry.deliver(slack.show, [POST], PLAIN, "job")


async def test_an_outage_is_waited_out() -> None:
    slack = Slack(*["away", "ratelimited", "internal_error"] * 10)

    assert await delivered(slack) == "delivered"
    assert slack.shown == ["all of it"]


async def test_what_is_refused_for_its_content_becomes_a_sentence() -> None:
    slack = Slack(*["invalid_blocks"] * retry.TRIES)

    assert await delivered(slack) == "delivered"
    assert slack.shown == ["in short"]


async def test_what_is_always_refused_is_given_up() -> None:
    slack = Slack(*["no_permission"] * 100)

    assert await delivered(slack) == "refused"
    assert len(slack.errors) == 100 - retry.TRIES - 1


async def test_a_place_without_hope_is_said_at_once() -> None:
    assert await delivered(Slack("is_archived")) == "no_destination"
