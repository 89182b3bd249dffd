"""HTTP mode: what is not Slack's is refused, and all that a socket brings comes over HTTP too."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from redis import Redis
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import CannotListen
from bot.workspace.workspace import Workspace
from tasks.broker.jobs import Jobs
from tests.bot.conftest import Json, Person, Serve, job_of, until
from tests.bot.socket_end import event
from tests.patience import SECONDS
from tests.system.workspace import free_port

ANSWERED = {"model": "m", "tokens": 1, "seconds": 1.0, "finish": "stop"}
JSON = "application/json"


class Slack:
    """Sends requests to the bot as Slack does, or nearly so."""

    def __init__(self, port: int, secret: str, session: aiohttp.ClientSession) -> None:
        self.url = f"http://127.0.0.1:{port}/slack/events"
        self.health_url = f"http://127.0.0.1:{port}/health"
        self._signer = SignatureVerifier(secret)
        self._session = session

    def signed(self, body: str, *, at: float | None = None, **more: str) -> dict[str, str]:
        """Return the headers of a request."""
        timestamp = str(int(time.time() if at is None else at))
        signature = self._signer.generate_signature(timestamp=timestamp, body=body)
        names = {name.replace("_", "-"): value for name, value in more.items()}
        return {
            "Content-Type": JSON,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": str(signature),
            **names,
        }

    async def post(self, body: Any, headers: dict[str, str]) -> tuple[int, str]:
        """Return status and text."""
        async with self._session.post(self.url, data=body, headers=headers) as response:
            return response.status, await response.text()

    async def health(self) -> tuple[int, Json]:
        """Return status and content of the health endpoint."""
        async with self._session.get(self.health_url) as response:
            return response.status, await response.json()


@pytest.fixture
async def slack(serve: Serve, workspace: Workspace) -> AsyncIterator[Slack]:
    """Slack's end of a bot that listens."""
    port = free_port()
    async with serve(http=str(port)), aiohttp.ClientSession() as session:
        yield Slack(port, workspace.tokens.signing_secret, session)


def mention(ts: str, **envelope: Any) -> str:
    """The body of a mention."""
    said = {"type": "app_mention", "channel": "CGENERAL", "user": "UALICE", "ts": ts}
    return json.dumps(event(**said, text="<@UBOT> What is 1 + 1?") | envelope)


async def test_what_slack_has_not_sent_just_now_is_refused(slack: Slack, jobs: Jobs) -> None:
    body = mention("1.1")
    good = slack.signed(body)
    old, early = (slack.signed(body, at=time.time() + shift) for shift in (-310, 310))
    refused: list[tuple[int, str | bytes | BytesIO, dict[str, str]]] = [
        (401, body, good | {"X-Slack-Signature": "v0=" + "0" * 64}),
        (401, body, good | {"X-Slack-Signature": ""}),
        (401, body, good | {"X-Slack-Signature": "v0=\u00fc"}),
        (401, body, old),
        (401, body, early),
        (401, body, good | {"X-Slack-Request-Timestamp": "yesterday"}),
        (401, body, good | {"X-Slack-Request-Timestamp": "9" * 5000}),
        (401, body, good | {"X-Slack-Request-Timestamp": str(int(time.time()) + 1)}),
        (401, body.replace("1 + 1", "2 + 2"), good),
        (401, body + " ", good),
        (401, b"\xff", good),
        (401, body, {"Content-Type": JSON}),
        (415, body, good | {"Content-Type": "text/plain"}),
        (415, body, good | {"Content-Type": "multipart/form-data; boundary=x"}),
        (413, BytesIO(b"x" * 10_000_000), good),
    ]
    for status, changed, headers in refused:
        assert (await slack.post(changed, headers))[0] == status
    for broken in ("{", "[]", "[" * 100_000, '"x"'):
        assert (await slack.post(broken, slack.signed(broken)))[0] == 400
    assert not jobs.open("answer")

    assert (await slack.post(body, good))[0] == 200
    assert (await slack.post(body, good))[0] == 401  # a replay
    assert len(jobs.open("answer")) == 1


async def test_a_large_body_without_a_length_is_not_read_to_its_end(slack: Slack) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 100_000

    with suppress(aiohttp.ClientConnectionError):  # it is closed while it is still sent
        assert (await slack.post(endless(), slack.signed("x")))[0] == 413


async def test_slacks_repeats_are_answered_once(
    slack: Slack, person: Person, jobs: Jobs, redis: Redis
) -> None:
    ts = (await person.client.chat_postMessage(channel="CGENERAL", text="a thread"))["ts"]
    body, now = mention(ts), time.time()
    for number in range(4):
        repeat = {"X_Slack_Retry_Num": str(number), "X_Slack_Retry_Reason": "http_timeout"}
        # A repeat has a time of its own.
        headers = slack.signed(body, at=now - number, **(repeat if number else {}))
        assert (await slack.post(body, headers))[0] == 200
    job = await job_of(jobs, "answer")
    assert jobs.claim(job.id, "worker") == 1
    jobs.append(job.id, 1, "text", {"text": "2"})
    jobs.finish(job.id, 1, "finished", ANSWERED)
    await person.sees_reply(ts, "2")

    assert [reply["text"] for reply in await person.replies(ts)] == ["2"]


async def test_an_address_is_taken_by_its_challenge_and_its_certificate(slack: Slack) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc", "token": "t"})
    status, text = await slack.post(body, slack.signed(body))
    assert (status, json.loads(text)) == (200, {"challenge": "abc"})
    assert (await slack.post(body, {"Content-Type": JSON}))[0] == 401
    check = urlencode({"ssl_check": "1", "token": "t"})
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await slack.post(check, slack.signed(check) | form))[0] == 200


async def test_questions_commands_presses_and_forms_come_over_http(
    serve: Serve, workspace: Workspace, person: Person, jobs: Jobs
) -> None:
    port = free_port()
    workspace.deliver_to(f"http://127.0.0.1:{port}/slack/events")
    async with serve(http=str(port), feedback="on"):
        alice = AsyncWebClient(workspace.tokens.of("UALICE"), base_url=workspace.api_url)
        ts = str((await alice.chat_postMessage(channel="CGENERAL", text="<@UBOT> Hi?"))["ts"])
        job = await job_of(jobs, "answer")
        assert jobs.claim(job.id, "worker") == 1
        jobs.append(job.id, 1, "text", {"text": "Hello"})
        running = await person.sees_reply(ts, "Hello")
        await person.press(running | {"channel": "CGENERAL"}, "stop_answer", user="UALICE")

        async def stopped() -> bool:
            found = jobs.get(job.id)
            return found is not None and bool(found.cancelled)

        await until(stopped, "the stopped answer")
        await person.command("/swallow-train help")
        await person.told("/swallow-train")
        shortcut = {"channel": "CGENERAL", "ts": ts, "user": "UBOB", "callback_id": "teach_answer"}
        await person.local("shortcut", shortcut)
        await asyncio.wait_for(_submitted_form(workspace, person), SECONDS)


async def _submitted_form(workspace: Workspace, person: Person) -> None:
    while (form := workspace.views.form_of("UBOB")) is None:
        await asyncio.sleep(0.02)
    values = form["state"]["values"]
    body = {"user": "UBOB", "view_id": form["id"], "do": "submit", "values": values}
    await person.local("view", body)
    while workspace.views.form_of("UBOB") is not None and not workspace.views.errors_of("UBOB"):
        await asyncio.sleep(0.02)


async def test_the_health_endpoint_tells_what_is_away(
    slack: Slack, workspace: Workspace, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.connections.health.SLACK_SECONDS", 0.0)
    well = {"ok": True, "broker": True, "slack": True, "connection": True}
    assert await slack.health() == (200, well)
    workspace.faults.set({"revoked": True})
    assert await slack.health() == (503, well | {"ok": False, "slack": False})


async def test_a_port_that_is_taken_is_explained_in_one_sentence(serve: Serve) -> None:
    port = free_port()
    async with serve(http=str(port)):
        with pytest.raises(CannotListen, match=f"cannot listen at 127.0.0.1:{port}: it is taken"):
            async with serve("other", health=str(port), http=str(free_port())):
                pass
