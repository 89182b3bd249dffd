"""The parts of one workspace, put together; what every method and route gets to work with.

Holds no logic of its own. Knows its own address only once the server listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.workspace.delivery.feed import Feed
from bot.workspace.delivery.messages import Messages
from bot.workspace.delivery.responses import Responses
from bot.workspace.delivery.sockets import Sockets
from bot.workspace.delivery.statuses import Statuses
from bot.workspace.faults import Faults
from bot.workspace.state.state import State
from bot.workspace.state.store import Store


@dataclass
class Upload:
    """A file that is announced and perhaps sent, but not completed."""

    owner: str
    name: str
    length: int
    content: bytes | None = None


class Workspace:
    """One running workspace."""

    def __init__(self, state_file: Path | None, ack_timeout: float) -> None:
        self.port = 0
        self.store = Store(state_file)
        self.state = State(self.store)
        self.uploads: dict[str, Upload] = {}
        self.faults = Faults()
        self.feed = Feed()
        self.sockets = Sockets(self.store, self.feed, self.faults, ack_timeout)
        self.statuses = Statuses(self.feed)
        self.messages = Messages(self.state, self.feed, self.sockets, self.statuses)
        self.responses = Responses(self.state, self.messages)

    @property
    def url(self) -> str:
        """Where the page is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """The Web API's `base_url` for slack_sdk."""
        return f"{self.url}/api/"

    def response_url(self, key: str) -> str:
        """The whole of a `response_url`."""
        return f"{self.url}/response/{key}"

    async def close(self) -> None:
        """Let everybody go and close the store."""
        self.feed.close()
        self.statuses.close()
        await self.sockets.close()
        self.store.close()
