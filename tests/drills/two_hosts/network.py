"""Two hosts on one machine: this network namespace and another, with a switch between them.

The switch is a bridge in a third namespace. While it is down, packets are lost without a word:
neither host sees its own link go down, and no connection is reset. That needs root.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

HOST_B = "host-b"
"""The other host's name; this one keeps its own."""

_MAC_A, _MAC_B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"


class Network:
    """The two hosts' addresses and the switch; make one with `two_hosts_network`."""

    def __init__(self) -> None:
        # One of the /30 networks of 198.18.0.0/16, which is reserved for such tests.
        number = os.getpid() % 0x4000
        start = f"198.18.{number >> 6}"
        first = (number & 0x3F) << 2
        self.address_a = f"{start}.{first + 1}"
        self._address_b = f"{start}.{first + 2}"
        self._a, self._b, self._switch = (f"sw{number}{end}" for end in ("a", "b", "s"))

    def on_b(self, *command: str) -> tuple[str, ...]:
        """Return `command` as it is run on host B; the process is the command's own."""
        named = ("sh", "-c", f'hostname {HOST_B} && exec "$@"', "sh")
        return ("ip", "netns", "exec", self._b, "unshare", "--uts", *named, *command)

    def cut(self, on: bool) -> None:
        """Lose every packet between the hosts from now on, or let them through again."""
        _ip("-n", self._switch, "link", "set", "bridge", "down" if on else "up")

    def set_up(self) -> None:
        """Make the namespaces, and connect them.

        Raises:
            subprocess.CalledProcessError: it is not permitted here.
        """
        _ip("netns", "add", self._switch)
        _ip("netns", "add", self._b)
        _ip("-n", self._switch, "link", "add", "bridge", "type", "bridge")
        _ip("-n", self._switch, "link", "set", "bridge", "up")
        self._plug_in("", self._a, _MAC_A, self.address_a)
        self._plug_in(self._b, self._b, _MAC_B, self._address_b)
        # Each knows the other's hardware address, as behind a router. Hosts on one wire find out
        # within seconds that the other is not there any more, and their connections fail at once.
        _ip("neigh", "add", self._address_b, "lladdr", _MAC_B, "dev", self._a)
        _ip("-n", self._b, "neigh", "add", self.address_a, "lladdr", _MAC_A, "dev", self._b)
        _ip("-n", self._b, "link", "set", "lo", "up")

    def _plug_in(self, namespace: str, name: str, mac: str, address: str) -> None:
        port = f"port-{name}"
        there = ("-n", namespace) if namespace else ()
        _ip("-n", self._switch, "link", "add", port, "type", "veth", "peer", "name", name)
        where = namespace or str(os.getpid())
        _ip("-n", self._switch, "link", "set", name, "address", mac, "netns", where)
        _ip("-n", self._switch, "link", "set", port, "master", "bridge", "up")
        _ip(*there, "address", "add", f"{address}/30", "dev", name)
        _ip(*there, "link", "set", name, "up")

    def tear_down(self) -> None:
        """Delete the links and the namespaces; what is missing is passed over.

        This host's link goes first: the kernel deletes those of a namespace some time later.
        """
        subprocess.run(("ip", "link", "delete", self._a), capture_output=True, check=False)
        for namespace in (self._b, self._switch):
            subprocess.run(("ip", "netns", "delete", namespace), capture_output=True, check=False)


def permitted() -> bool:
    """Tell whether network namespaces can be made here."""
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("unshare") is None:
        return False
    try:
        with two_hosts_network():
            return True
    except subprocess.CalledProcessError:
        return False


@contextmanager
def two_hosts_network() -> Iterator[Network]:
    """Make the second host and the switch, for the length of the block."""
    network = Network()
    try:
        network.set_up()
        yield network
    finally:
        network.tear_down()


def _ip(*arguments: str) -> None:
    subprocess.run(("ip", *arguments), check=True, capture_output=True)
