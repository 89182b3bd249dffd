"""The errors of the local workspace.

WorkspaceError
├── Refused       a Web API call Slack would answer with {"ok": false, "error": code}
├── BadRequest    a /local call that cannot be understood; carries the HTTP status
└── PortTaken     the port to listen on is in use
"""

from __future__ import annotations


class WorkspaceError(Exception):
    """Base of every error the local workspace raises on purpose."""


class Refused(WorkspaceError):
    """A call is refused with one of Slack's error codes, for example `channel_not_found`."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


class BadRequest(WorkspaceError):
    """A /local request cannot be served; the message is a sentence for its sender."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status


class PortTaken(WorkspaceError):
    """The port is in use by another program."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is already in use: end its holder or choose another --port.")
