"""The address of a Redis or Valkey: checked, shown without its secrets, and how TLS is verified.

Every client gets its address from here, so that redis-py and kombu, which read URLs in different
ways, connect to the same server with the same checks. Knows no settings and opens no connection.
"""

import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

DEFAULT_PORT = 6379
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")


@dataclass(frozen=True)
class BrokerAddress:
    """Where the broker listens and what it asks for; printed without user and password."""

    host: str
    port: int
    database: int
    tls: bool
    user: str = field(repr=False)
    password: str = field(repr=False)
    ca: str | None = None
    """A file of CA certificates in PEM that are trusted beside the system's."""

    def __str__(self) -> str:
        return f"{self._scheme}://{self._place}"

    @property
    def url(self) -> str:
        """The URL with its secrets, written so that every client reads the same from it."""
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@"
        return f"{self._scheme}://{who if who != ':@' else ''}{self._place}"

    @property
    def verification(self) -> dict[str, Any]:
        """What redis-py and kombu are told about TLS; empty without it.

        kombu verifies nothing unless it is told to.
        """
        if not self.tls:
            return {}
        return {
            "ssl_cert_reqs": ssl.CERT_REQUIRED,
            "ssl_check_hostname": True,
            "ssl_ca_certs": self.ca,
        }

    @property
    def _scheme(self) -> str:
        return "rediss" if self.tls else "redis"

    @property
    def _place(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.database}"


def parse(url: str, *, ca: str | None = None) -> BrokerAddress:
    """Return the address that `url` names.

    Raises:
        ValueError: it cannot be used. Its message is one clause and repeats nothing of `url`: where
            a password is not written as it should be, any part of it may belong to the password.
    """
    if UNPRINTABLE.search(url):
        raise ValueError("it has a space or a control character (in a password write %20)")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in ("redis", "rediss"):
        raise ValueError("it must begin with redis:// or rediss://")
    place = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest[len(place) :]:
        raise ValueError("in a password write / as %2F, ? as %3F and # as %23")
    if "?" in rest or "#" in rest:
        raise ValueError("nothing may follow the number of the database, neither ? nor #")
    secrets, _, server = place.rpartition("@")
    user, _, password = secrets.partition(":")
    return BrokerAddress(
        host=_host(server),
        port=_port(server),
        database=_database(rest[len(place) :]),
        tls=scheme.lower() == "rediss",
        user=unquote(user),
        password=unquote(password),
        ca=ca,
    )


def _host(server: str) -> str:
    try:
        host = urlsplit(f"//{server}").hostname
    except ValueError:
        host = None
    if not host or not re.fullmatch(r"[\w.:%-]+", host):
        raise ValueError("it names no host; the form is redis://:password@host:6379/0") from None
    return host


def _port(server: str) -> int:
    try:
        port = urlsplit(f"//{server}").port
    except ValueError:  # its text repeats what stands in the port's place
        port = 0
    if port == 0:
        raise ValueError("its port must be a number from 1 to 65535")
    return port or DEFAULT_PORT


def _database(path: str) -> int:
    digits = path.removeprefix("/")
    if digits and not re.fullmatch(r"[0-9]{1,9}", digits):
        raise ValueError("after the host and port comes the number of a database, such as /0")
    return int(digits or 0)
