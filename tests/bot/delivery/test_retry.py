"""A final message is retried through outages, and not for ever where Slack refuses it."""

from collections.abc import Awaitable, Callable, Sequence

import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.delivery import retry
from bot.delivery.journal import Journal
from bot.slack.blocks import Post, sentence
from tasks.broker.jobs import Jobs
from tasks.broker.relay_claims import no_access

Deliver = Callable[["Slack"], Awaitable[str]]

TEXT, PLAIN = sentence("all of it"), sentence("in short")
POST = Post(TEXT.text, (*TEXT.blocks, {"type": "context_actions", "elements": []}))


class Slack:
    """Fails with each of `errors` in turn, then accepts everything."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.shown: list[str] = []
        self.posts: Sequence[Post] = ()

    async def show(self, posts: Sequence[Post]) -> None:
        if self.errors:
            error = self.errors.pop(0)
            if error == "away":
                raise TimeoutError
            if error == "not sent":
                raise SlackRequestError(error)
            raise SlackApiError(error, {"ok": False, "error": error})  # type: ignore[no-untyped-call]
        self.shown.append(posts[0].text)
        self.posts = posts


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "RETRY_SECONDS", (0.0,))


@pytest.fixture
def delivered(jobs: Jobs) -> Deliver:
    """Deliver a job's final message."""
    jobs.create("a", "answer", destination={}, asked={"text": ""})
    job = jobs.get("a")
    assert job is not None

    def deliver(slack: Slack) -> Awaitable[str]:
        return retry.deliver(slack.show, [POST], PLAIN, Journal(jobs, job))

    return deliver


async def test_an_outage_is_waited_out(delivered: Deliver) -> None:
    slack = Slack(*["away", "ratelimited", "internal_error"] * 10)

    assert await delivered(slack) == "delivered"
    assert slack.shown == ["all of it"]


async def test_a_block_that_is_refused_does_not_take_the_text_along(delivered: Deliver) -> None:
    slack = Slack(*["invalid_blocks"] * retry.WHOLE_TRIES)

    assert await delivered(slack) == "delivered"
    assert slack.posts == [TEXT]


async def test_what_is_refused_for_its_content_becomes_a_sentence(delivered: Deliver) -> None:
    slack = Slack(*["invalid_blocks"] * retry.TRIES)

    assert await delivered(slack) == "delivered"
    assert slack.shown == ["in short"]


async def test_what_is_always_refused_is_given_up(delivered: Deliver) -> None:
    slack = Slack(*["no_permission"] * 100)

    assert await delivered(slack) == "refused"
    assert len(slack.errors) == 100 - retry.TRIES - 1


async def test_a_place_without_hope_is_said_at_once(delivered: Deliver) -> None:
    assert await delivered(Slack("is_archived")) == "no_destination"


async def test_a_revoked_token_is_waited_out_and_said_to_the_operator(
    delivered: Deliver, jobs: Jobs
) -> None:
    slack = Slack(*["token_revoked", "invalid_auth"] * 10)

    assert await delivered(slack) == "delivered"
    assert slack.shown == ["all of it"]
    assert no_access(jobs.redis) == "invalid_auth"


async def test_a_call_that_the_client_does_not_send_is_not_repeated_for_ever(
    delivered: Deliver,
) -> None:
    slack = Slack(*["not sent"] * retry.TRIES)

    assert await delivered(slack) == "delivered"
    assert slack.shown == ["in short"]
