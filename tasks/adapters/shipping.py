"""An adapter's files on their way to other hosts: published by digest, fetched once per host.

They lie in the broker in pieces, under the digest of what they are, and what arrives is checked
like any adapter before it is used. This module does not know which adapter is in use.
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
"""Small enough that the broker serves others between two pieces."""
ABANDONED_SECONDS = 600
FILES = (CONFIG, ABOUT, WEIGHTS)
KEPT = 8
"""Fetched adapters kept on a host: the last ones. Others are fetched again if need be."""


class Shipping:
    """Publishes to and fetches from the broker of `settings`, connecting when it has to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def publish(self, adapter: Adapter) -> None:
        """Put an adapter's files where every host can fetch them; nothing if they are there."""
        redis = self._redis()
        key = _key(adapter.digest)
        # Anybody's `use` of the same files keeps them: they no longer expire.
        if redis.persist(key) or redis.exists(key):
            return
        # A key of its own: two who publish the same files must not mix their pieces. It expires, so
        # that what was begun and never ended does not stay in the broker's memory.
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
        """Forget an adapter's files when the questions asked with it are past."""
        self._redis().pexpire(_key(digest), milliseconds)

    def fetch(self, name: str, digest: str) -> Path:
        """Return the folder of the files of `digest` on this host, fetching them if need be.

        Raises:
            AdapterRefused: nobody has published them, or they are not what they should be.
        """
        folder = self._settings.cache / "adapters" / digest / name
        fetched = folder.parent.parent
        fetched.mkdir(parents=True, exist_ok=True)
        with locked(fetched / ".lock"):
            if not folder.exists():
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


def _key(digest: str) -> str:
    return f"swallow:adapter-files:{digest}"


def _prune(folder: Path) -> None:
    """Remove all but the last that were fetched."""
    digests = [each for each in folder.iterdir() if each.is_dir()]
    for old in sorted(digests, key=lambda each: each.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def _pieces(file: Path) -> Iterator[bytes]:
    if not file.exists():  # an adapter that another program trained has no swallow.json
        return
    with file.open("rb") as content:
        while piece := content.read(PIECE_BYTES):
            yield piece
