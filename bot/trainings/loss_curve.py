"""The loss curve: a picture in the thread of a training, uploaded once as far as Slack tells."""

import asyncio
import base64
import binascii
import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Journal
from bot.delivery.posted import Message, is_posted
from bot.delivery.retry import RETRY_SECONDS
from bot.slack.refusals import FAILURES, failure_of

log = logging.getLogger(__name__)

TRIES = 4


class LossCurve:
    """The picture of one job; its file's name has the job's id, by which it is found again."""

    def __init__(self, client: AsyncWebClient, journal: Journal) -> None:
        self._client = client
        self._journal = journal
        self._job = journal.job.id
        self._file_name = f"loss-{self._job}.png"

    async def upload(self, encoded: str, title: str, thread: Destination | None) -> None:
        """Upload a PNG, given as base64, unless it is there; a failure is only logged."""
        picture = _decoded(encoded)
        if not picture or thread is None:
            return
        for pause in RETRY_SECONDS[:TRIES]:
            if await self._try(picture, title, thread):
                return
            await asyncio.sleep(pause)
        log.error("job %s: the loss curve was not uploaded", self._job)

    async def _try(self, picture: bytes, title: str, thread: Destination) -> bool:
        """Upload once; False where another try may succeed."""
        try:
            await self._upload_once(picture, title, thread)
        except FAILURES as error:
            failure = failure_of(error)
            log.warning("job %s: no loss curve: %s", self._job, failure.reason)
            # The SDK's own error may mean that the picture itself did not arrive.
            return failure.answered and failure.kind not in ("passing", "no_access")
        return True

    async def _upload_once(self, picture: bytes, title: str, thread: Destination) -> None:
        state = self._journal.get("curve", "")
        if state == "there":
            return
        begun = state == "uploading" or self._journal.job.posts_in_doubt
        if not begun or not await is_posted(self._client, thread, self._has_picture):
            await self._journal.write(curve="uploading")
            await self._client.files_upload_v2(
                channel=thread.channel,
                thread_ts=thread.thread_ts,
                content=picture,
                filename=self._file_name,
                title=title,
                alt_txt=title,
            )
        await self._journal.write(curve="there")

    def _has_picture(self, message: Message) -> bool:
        return any(file.get("name") == self._file_name for file in message.get("files") or ())


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
