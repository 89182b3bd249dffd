"""A proxy before a real Valkey that loses replies: the command was carried out, nobody knows it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHANGES = (b"EVALSHA", b"XREADGROUP", b"XAUTOCLAIM", b"\r\nNX\r\n")


class LossyProxy:
    """Passes bytes on; while `lose` is above 0 the reply to what changes a job breaks the
    connection."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self._target = (parts.hostname, parts.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = url.replace(f":{parts.port}", f":{port}")
        self.lose = 0
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._target) as server, suppress(OSError):
            losing = threading.Event()
            answers = threading.Thread(target=self._answer, args=[server, client, losing])
            answers.start()
            while request := client.recv(1 << 20):
                if self.lose and any(word in request for word in _CHANGES):
                    losing.set()
                server.sendall(request)
            server.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _answer(
        self, server: socket.socket, client: socket.socket, losing: threading.Event
    ) -> None:
        with suppress(OSError):
            while reply := server.recv(1 << 20):
                if losing.is_set() and b"NOSCRIPT" not in reply:
                    self.lose -= 1
                    self.lost += 1
                    break
                losing.clear()
                client.sendall(reply)
            client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Take no more connections; those that are open end with their client."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def lossy(url: str) -> Iterator[LossyProxy]:
    """A proxy before the Valkey at `url`."""
    proxy = LossyProxy(url)
    try:
        yield proxy
    finally:
        proxy.close()
