"""A TLS server in front of a real Valkey, which was built without TLS; it keeps what it is sent."""

import socket
import ssl
import threading
from contextlib import suppress

from tests.tasks.broker.links.certificates import Certificate


class TlsProxy:
    """Listens on 127.0.0.1 with a certificate and hands on what arrives to the port of a Valkey."""

    def __init__(self, certificate: Certificate, target: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.file, certificate.key)
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.received = b""
        """What clients have sent through the encrypted connection."""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more; connections end when their clients do."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            encrypted = self._context.wrap_socket(client, server_side=True)
        except OSError:  # the client does not trust the certificate
            client.close()
            return
        with encrypted, socket.create_connection(("127.0.0.1", self._target)) as server:
            back = threading.Thread(target=_copy, args=(server, encrypted), daemon=True)
            back.start()
            with suppress(OSError):
                while data := encrypted.recv(65536):
                    self.received += data
                    server.sendall(data)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
