"""A proxy between the system's processes and the broker, which spoils replies on purpose.

It delays a reply, cuts the connection in the middle of one, or drops one together with its
connection. A client whose reply was dropped sends its command again, which the server has run
already: so commands are doubled too.
"""

import asyncio
import random
import ssl
import threading
from collections import Counter
from urllib.parse import urlsplit, urlunsplit

READ_BYTES = 65_536


class Link:
    """Listens on a port of its own; `share` of the replies are spoiled, none before `spoil`.

    With `tls` its clients must speak TLS, which the embedded broker itself cannot.
    """

    def __init__(
        self,
        broker_url: str,
        *,
        seed: int,
        share: float,
        delay_seconds: float,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._broker = urlsplit(broker_url)
        self._host = host
        self._tls = tls
        self._generator = random.Random(seed)
        self._share = share
        self._delay_seconds = delay_seconds
        self._spoiling = False
        self._cut = False
        self._silent = False
        self._open: set[asyncio.StreamWriter] = set()
        self._dead: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._listening = threading.Event()
        self._port = 0
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        self._listening.wait()

    @property
    def url(self) -> str:
        """The broker's URL as seen from the other side of the proxy."""
        user, at, _ = self._broker.netloc.rpartition("@")
        scheme = "rediss" if self._tls else "redis"
        netloc = f"{user}{at}{self._host}:{self._port}"
        return urlunsplit(self._broker._replace(scheme=scheme, netloc=netloc))

    def spoil(self, on: bool) -> None:
        """Spoil replies from now on, or no longer."""
        self._spoiling = on

    def cut(self, on: bool) -> None:
        """Cut every connection and let no new one through, or let them through again."""
        self._cut = on
        if on:
            self._loop.call_soon_threadsafe(self._abort_all)

    def silence(self, on: bool) -> None:
        """Lose whatever is sent on connections that are open now, or made while this is on.

        They stay dead, and nobody is told, as where a router has forgotten them.
        """
        self._silent = on
        if on:
            self._dead |= self._open

    def stop(self) -> None:
        """Stop listening and cut what is connected."""
        self._loop.call_soon_threadsafe(self._abort_all)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, self._host, 0, ssl=self._tls)
        )
        self._port = server.sockets[0].getsockname()[1]
        self._listening.set()
        self._loop.run_forever()
        server.close()
        serving = asyncio.gather(*asyncio.all_tasks(self._loop), return_exceptions=True)
        self._loop.run_until_complete(serving)
        self._loop.close()

    async def _serve(self, client: asyncio.StreamReader, reply: asyncio.StreamWriter) -> None:
        if self._cut:
            reply.transport.abort()
            return
        try:
            broker, request = await asyncio.open_connection(
                self._broker.hostname, self._broker.port
            )
        except OSError:
            reply.transport.abort()
            return
        self._open |= {reply, request}
        if self._silent:
            self._dead |= {reply, request}
        await asyncio.gather(self._requests(client, request), self._replies(broker, reply))
        self._open -= {reply, request}
        reply.transport.abort()
        request.transport.abort()

    async def _requests(self, client: asyncio.StreamReader, broker: asyncio.StreamWriter) -> None:
        try:
            while data := await client.read(READ_BYTES):
                if broker in self._dead:
                    continue
                broker.write(data)
                await broker.drain()
        except OSError:
            pass
        broker.transport.abort()

    async def _replies(self, broker: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            while data := await broker.read(READ_BYTES):
                if client in self._dead:
                    continue
                if self._spoiling and self._generator.random() < self._share:
                    if not await self._spoil(data, client):
                        break
                else:
                    client.write(data)
                    await client.drain()
        except OSError:
            pass
        client.transport.abort()

    async def _spoil(self, data: bytes, client: asyncio.StreamWriter) -> bool:
        """Do something bad to a reply; False where the connection ends by it."""
        kind = self._generator.choice(("delayed", "dropped", "cut"))
        self.counts[kind] += 1
        if kind == "dropped":
            return False
        if kind == "cut":
            client.write(data[: len(data) // 2])
            await client.drain()
            return False
        await asyncio.sleep(self._generator.uniform(0, self._delay_seconds))
        client.write(data)
        await client.drain()
        return True

    def _abort_all(self) -> None:
        for writer in self._open:
            writer.transport.abort()
