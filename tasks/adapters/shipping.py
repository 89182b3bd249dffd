"""An adapter's files on their way to other hosts: published by digest, fetched once per host.

The broker holds them in pieces, under the adapter's digest. Files that arrive are checked like any
adapter before they are used. This module does not know which adapter is in use.
"""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from uuid import uuid4

from redis import Redis

from tasks.broker.connection import connect
from tasks.settings import Settings
from trainer.adapters.adapter import Adapter, read
from trainer.adapters.adapter_files import ABOUT, CONFIG, MAX_WEIGHTS_BYTES, WEIGHTS
from trainer.errors import AdapterRefused
from trainer.file_lock import locked
from trainer.files import whole_folder

log = logging.getLogger(__name__)

PIECE_BYTES = 4 << 20
"""Small enough that the broker serves other clients between two pieces."""
ABANDONED_SECONDS = 600
"""After so long without another piece, an unfinished publication expires."""
FILES = (CONFIG, ABOUT, WEIGHTS)
KEPT = 8
"""How many fetched adapters a host keeps, the latest; others are fetched again if need be."""


class Shipping:
    """Publishes to and fetches from the broker of `settings`, connecting only when it is used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def publish(self, adapter: Adapter) -> None:
        """Put an adapter's files into the broker, where every host can fetch them."""
        redis = self._redis()
        key = _key(adapter.digest)
        # Published before: they may be about to expire, and must stay while they are in use.
        if redis.persist(key) or redis.exists(key):
            return
        # Under a key of its own first, so that two hosts that publish the same files do not mix
        # their pieces. It expires, so that an interrupted publication frees the broker's memory.
        aside = f"{key}:{uuid4().hex}"
        for name in FILES:
            for piece in _pieces(adapter.path / name):
                redis.rpush(aside, name.encode() + b"\n" + piece)
                redis.expire(aside, ABANDONED_SECONDS)
        with redis.pipeline() as pipe:
            pipe.persist(aside)
            pipe.rename(aside, key)
            pipe.execute()
        log.info("adapter %s is published for other hosts", adapter.name)

    def expire(self, digest: str, milliseconds: int) -> None:
        """Let an adapter's files expire, after the questions that name it have ended."""
        self._redis().pexpire(_key(digest), milliseconds)

    def folder(self, name: str, digest: str) -> Path:
        """Return where the files of `digest` are on this host once they were fetched."""
        return self._settings.cache / "adapters" / digest / name

    def fetch(self, name: str, digest: str) -> Path:
        """Return the folder of the files of `digest` on this host, fetching them if need be.

        Raises:
            AdapterRefused: nobody has published them, or other content arrived.
        """
        folder = self.folder(name, digest)
        fetched = folder.parent.parent
        fetched.mkdir(parents=True, exist_ok=True)
        with locked(fetched / ".lock"):
            if not _holds(folder, digest):
                shutil.rmtree(folder, ignore_errors=True)
                self._fetch(name, digest, folder)
                _prune(fetched)
        return folder

    def _fetch(self, name: str, digest: str, folder: Path) -> None:
        redis = self._redis()
        if not redis.exists(_key(digest)):
            raise AdapterRefused(
                f"The adapter {name!r} is not on this host any more, and nobody has published it."
            )
        with whole_folder(folder) as aside:
            self._write(redis, digest, aside)
            if (found := read(aside)).digest != digest:
                raise AdapterRefused(f"The files of adapter {name!r} arrived as {found.digest!r}.")
        log.info("adapter %s was fetched", name)

    def _write(self, redis: Redis, digest: str, folder: Path) -> None:
        total, index = 0, 0
        while pieces := cast(list[bytes], redis.lrange(_key(digest), index, index)):
            name, _, piece = pieces[0].partition(b"\n")
            total, index = total + len(piece), index + 1
            if name.decode(errors="replace") not in FILES or total > 2 * MAX_WEIGHTS_BYTES:
                raise AdapterRefused(f"What was published as {digest!r} is not an adapter.")
            with (folder / name.decode()).open("ab") as file:
                file.write(piece)

    def _redis(self) -> Redis:
        return connect(self._settings, decode=False)


def _holds(folder: Path, digest: str) -> bool:
    """Tell whether another thread or process fetched `digest` in the meantime."""
    try:
        return read(folder).digest == digest
    except AdapterRefused:
        return False


def _key(digest: str) -> str:
    return f"swallow:adapter-files:{digest}"


def _prune(folder: Path) -> None:
    """Remove all but the `KEPT` adapters fetched last."""
    digests = [each for each in folder.iterdir() if each.is_dir()]
    for old in sorted(digests, key=lambda each: each.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _pieces(file: Path) -> Iterator[bytes]:
    if not file.exists():  # an adapter trained by another program has no swallow.json
        return
    with file.open("rb") as content:
        while piece := content.read(PIECE_BYTES):
            yield piece
