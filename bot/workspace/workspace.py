"""The parts of one workspace, put together; every route and Web API method works on it.

Holds no logic of its own. Knows its own address only once the server listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.workspace.call_log import CallLog
from bot.workspace.delivery.envelopes import Envelopes
from bot.workspace.delivery.messages import Messages
from bot.workspace.delivery.page_events import PageEvents
from bot.workspace.delivery.request_url import RequestUrl
from bot.workspace.delivery.response_urls import ResponseUrls
from bot.workspace.delivery.sessions import Sessions
from bot.workspace.delivery.sockets import Sockets
from bot.workspace.delivery.statuses import Statuses
from bot.workspace.delivery.triggers import Triggers
from bot.workspace.delivery.views import Views
from bot.workspace.faults import Faults
from bot.workspace.state.conversations import Conversations
from bot.workspace.state.database import Database
from bot.workspace.state.people import Person
from bot.workspace.state.tokens import Tokens


@dataclass
class Upload:
    """A file that was announced, and perhaps sent, but not completed."""

    owner: str
    name: str
    length: int
    content: bytes | None = None


class Workspace:
    """One running workspace. `ack_timeout` is in seconds; without a file nothing is kept.

    All tokens end in `secret`; without one, in a new secret. With `is_agent` the app is one.
    """

    def __init__(
        self,
        state_file: Path | None,
        ack_timeout: float,
        secret: str = "",
        *,
        is_agent: bool = False,
    ) -> None:
        self.port = 0
        self.is_agent = is_agent
        self.tokens = Tokens(secret)
        self.database = Database(state_file)
        self.conversations = Conversations(self.database)
        self.uploads: dict[str, Upload] = {}
        self.faults = Faults()
        self.call_log = CallLog()
        self.page_events = PageEvents()
        self.sockets = Sockets(self.page_events, self.faults)
        self.envelopes = Envelopes(self.database, self.faults, self.sockets, ack_timeout)
        self.statuses = Statuses(self.page_events)
        self.sessions = Sessions(self.page_events, self.statuses)
        self.messages = Messages(
            self.conversations, self.page_events, self.envelopes, self.statuses
        )
        self.response_urls = ResponseUrls(self.conversations, self.messages)
        self.triggers = Triggers()
        self.views = Views(self.page_events)
        self._request_urls: list[RequestUrl] = []
        self.locales: dict[str, str] = {}

    @property
    def url(self) -> str:
        """The page's address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """The Web API's `base_url` for slack_sdk."""
        return f"{self.url}/api/"

    def locale_of(self, person: Person) -> str:
        """The locale that a person has chosen, as with the language of the page, or had before."""
        return self.locales.get(person.id, person.locale)

    def response_url(self, key: str) -> str:
        """The `response_url` that ends in `key`."""
        return f"{self.url}/response/{key}"

    def deliver_to(self, url: str) -> None:
        """Deliver to an app at its request URL from now on."""
        self._request_urls.append(
            RequestUrl(url, self.tokens.signing_secret, self.sockets, self.envelopes.acknowledge)
        )

    async def close(self) -> None:
        """Disconnect the pages and the bots, then close the database."""
        self.page_events.close()
        self.statuses.close()
        self.sessions.close()
        await self.envelopes.close()
        for url in self._request_urls:
            await url.close()
        await self.sockets.close()
        self.database.close()
