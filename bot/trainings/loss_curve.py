"""The loss curve as a picture in a training's thread; uploaded once, as far as Slack tells."""

import asyncio
import base64
import binascii
import logging
from typing import Any

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Notes
from bot.delivery.retry import RETRY_SECONDS
from bot.slack.refusals import PASSING, passes, reason_of

log = logging.getLogger(__name__)

TRIES = 4


class Curve:
    """The picture of one job, named after it, so that it is found again."""

    def __init__(self, client: AsyncWebClient, notes: Notes) -> None:
        self._client = client
        self._notes = notes
        self._name = f"loss-{notes.job.id}.png"

    async def upload(self, encoded: str, title: str, destination: Destination | None) -> None:
        """Upload a base64 PNG unless it is there; a picture that cannot be shown is only logged."""
        picture = _decoded(encoded)
        if not picture or destination is None:
            return
        for pause in RETRY_SECONDS[:TRIES]:
            if await self._there_now(picture, title, destination):
                return
            await asyncio.sleep(pause)
        log.error("job %s: the loss curve was not uploaded", self._notes.job.id)

    async def _there_now(self, picture: bytes, title: str, destination: Destination) -> bool:
        """Try once; what Slack will never take is given up."""
        try:
            await self._once(picture, title, destination)
        except SlackApiError as error:
            log.warning("job %s: no loss curve: %s", self._notes.job.id, reason_of(error))
            return not passes(error)
        except (SlackClientError, *PASSING) as error:
            log.warning("job %s: no loss curve: %s", self._notes.job.id, type(error).__name__)
            return False
        return True

    async def _once(self, picture: bytes, title: str, destination: Destination) -> None:
        state = self._notes.get("curve", "")
        if state == "there":
            return
        if state != "uploading" or not await self._is_there(destination):
            await self._notes.put(curve="uploading")
            await self._client.files_upload_v2(
                channel=destination.channel,
                thread_ts=destination.thread_ts,
                content=picture,
                filename=self._name,
                title=title,
                alt_txt=title,
            )
        await self._notes.put(curve="there")

    async def _is_there(self, destination: Destination) -> bool:
        pages: Any = await destination.pages(self._client)
        async for page in pages:
            for message in page["messages"]:
                if any(file.get("name") == self._name for file in message.get("files") or ()):
                    return True
        return False


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
