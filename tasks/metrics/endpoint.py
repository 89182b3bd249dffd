"""The HTTP endpoint of `--metrics`: where it listens, and starting it."""

import errno

from prometheus_client import CollectorRegistry, start_http_server

from tasks.errors import SettingInvalid
from tasks.metrics.collector import SystemCollector
from tasks.settings import Settings


def serve_metrics(address: tuple[str, int], settings: Settings, part: str) -> None:
    """Serve `/metrics` from a thread of this process, which is called `part`, until it ends.

    Raises:
        SettingInvalid: nothing can listen there.
    """
    host, port = address
    registry = CollectorRegistry()
    registry.register(SystemCollector(settings, part))
    try:
        start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            why = f"Port {port} is taken"
        else:
            why = f"Metrics cannot be served at {host}:{port} ({error.strerror})"
        raise SettingInvalid(f"{why}; choose another with --metrics.") from error
