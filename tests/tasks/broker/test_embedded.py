"""The embedded broker keeps its address from start to start, in files of its owner."""

import socket
import stat
from pathlib import Path

from tasks.broker.connection import address_file, address_of
from tasks.broker.embedded import embedded
from tasks.settings import Settings


def port_of(url: str) -> int:
    """Return the port in a broker's URL."""
    return int(url.rpartition(":")[2].partition("/")[0])


def test_the_next_start_has_the_same_address_which_other_commands_find(tmp_path: Path) -> None:
    first = embedded(tmp_path)

    assert embedded(tmp_path) == first
    assert address_of(Settings(home=tmp_path)).url == first.url
    for file in (address_file(tmp_path), tmp_path / "broker" / "valkey.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_port_that_is_taken_is_replaced_and_the_password_stays(tmp_path: Path) -> None:
    first = embedded(tmp_path).url

    with socket.socket() as other:
        other.bind(("127.0.0.1", port_of(first)))
        other.listen()
        second = embedded(tmp_path).url

    assert port_of(second) != port_of(first)
    assert second.partition("@")[0] == first.partition("@")[0]
