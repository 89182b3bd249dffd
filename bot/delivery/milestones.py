"""Messages that are posted once each, whatever dies in between: each has a name of its own.

Noted before and after; what was begun and not noted as done is looked for by its metadata.
"""

from slack_sdk.web.async_client import AsyncWebClient

from bot.delivery.destination import Destination
from bot.delivery.journal import Notes
from bot.delivery.reply import METADATA_TYPE, payload_of
from bot.questions.answer import Post


class Milestones:
    """The milestones of one job."""

    def __init__(self, client: AsyncWebClient, notes: Notes) -> None:
        self._client = client
        self._notes = notes

    def said(self, name: str) -> bool:
        """Tell whether a milestone was posted, or passed over."""
        return name in self._notes.get("milestones", [])

    async def say(self, name: str, post: Post, destination: Destination) -> None:
        """Post a milestone unless it is there.

        Raises:
            SlackApiError: Slack refuses.
        """
        if self.said(name):
            return
        if self._notes.get("milestone", "") != name or not await self._is_there(name, destination):
            await self._notes.put(milestone=name)
            await self._post(name, post, destination)
        await self.pass_over(name)

    async def pass_over(self, *names: str) -> None:
        """Note milestones as said without posting them."""
        new = [name for name in names if not self.said(name)]
        if new:
            await self._notes.put(
                milestones=[*self._notes.get("milestones", []), *new], milestone=""
            )

    async def _post(self, name: str, post: Post, destination: Destination) -> None:
        payload = {"job": self._notes.job.id, "milestone": name}
        await self._client.chat_postMessage(
            channel=destination.channel,
            thread_ts=destination.thread_ts or None,
            text=post.text,
            blocks=list(post.blocks),
            unfurl_links=False,
            unfurl_media=False,
            parse="none",
            metadata={"event_type": METADATA_TYPE, "event_payload": payload},
        )

    async def _is_there(self, name: str, destination: Destination) -> bool:
        async for page in await destination.pages(self._client):
            for message in page["messages"]:
                payload = payload_of(message)
                if (payload.get("job"), payload.get("milestone")) == (self._notes.job.id, name):
                    return True
        return False
