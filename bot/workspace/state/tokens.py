"""The tokens of one workspace, which all end in its secret, and whose each of them is.

The secret keeps out the other accounts of the machine: whoever knows it may be anybody here.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Literal

from bot.workspace.errors import Refused
from bot.workspace.state.people import BOT_USER, HUMANS

USER_TOKEN_PREFIX = "xoxp-local-"  # noqa: S105


@dataclass(frozen=True)
class Caller:
    """The account whose token came with a call, and the kind of that token."""

    kind: Literal["bot", "app", "user"]
    user: str


class Tokens:
    """The tokens that end in `secret`; without one, in a new secret.

    So does `signing_secret`, with which requests over HTTP are signed.
    """

    def __init__(self, secret: str = "") -> None:
        self.secret = secret or secrets.token_hex(16)
        self.bot = f"xoxb-local-{self.secret}"
        self.app = f"xapp-local-{self.secret}"
        self.signing_secret = f"local-{self.secret}"
        self._callers = {self.bot: Caller("bot", BOT_USER), self.app: Caller("app", BOT_USER)}
        self._callers |= {self.of(person.id): Caller("user", person.id) for person in HUMANS}

    def of(self, user: str) -> str:
        """The token of a person."""
        return f"{USER_TOKEN_PREFIX}{user}-{self.secret}"

    def caller_of(self, token: str) -> Caller:
        """The holder of `token`. Raises Refused `not_authed` or `invalid_auth`."""
        if not token:
            raise Refused("not_authed")
        for known, caller in self._callers.items():
            if same(token, known):
                return caller
        raise Refused("invalid_auth")


def same(given: str, expected: str) -> bool:
    """Compare what a stranger sent with a secret, in a time that tells nothing about it."""
    # A request may hold any characters; compare_digest takes ASCII or bytes.
    return hmac.compare_digest(given.encode(errors="surrogatepass"), expected.encode())
