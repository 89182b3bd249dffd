"""An address to listen at, as options and settings write it: a port, or an address and a port."""

LOOPBACK = "127.0.0.1"


def listen_address(text: str) -> tuple[str, int]:
    """Return the address and the port of `[ADDRESS:]PORT`; without an address this machine's own.

    Raises:
        ValueError: it is neither a port nor an address and a port.
    """
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("it must be a port, or an address and a port")
    return host.strip("[]") or LOOPBACK, int(port)
