"""An adapter's files on their way to other hosts: published by digest, fetched once per host.

The broker holds them in pieces, in one hash under the adapter's digest: a field for each piece, and
a field that says how many pieces each file has, written last. A field's content follows from the
digest, so that a repeated call, or two hosts that publish at once, write the same again, and
publishing once more repairs what is missing or damaged. Files that arrive are checked like any
adapter before they are used. This module does not know which adapter is in use.
"""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from redis import Redis
from redis.exceptions import ResponseError

from tasks.broker.connection import connect
from tasks.settings import Settings
from trainer.adapters.adapter import Adapter, read
from trainer.adapters.adapter_files import ABOUT, CONFIG, MAX_WEIGHTS_BYTES, WEIGHTS
from trainer.errors import AdapterRefused
from trainer.file_lock import locked
from trainer.files import make_private, whole_folder, writing

log = logging.getLogger(__name__)

PIECE_BYTES = 4 << 20
"""Small enough that the broker serves other clients between two pieces."""
ABANDONED_SECONDS = 600
"""After so long without another piece, an unfinished publication expires."""
FILES = (CONFIG, ABOUT, WEIGHTS)
KEPT = 8
"""How many fetched adapters a host keeps, the latest; others are fetched again if need be."""
COUNTS = "pieces"
"""The field of a complete publication: how many pieces each file has, as JSON."""

# Of a piece its SHA-1, so that a publisher sends only those that are missing or damaged.
_DIGEST = "return redis.sha1hex(redis.call('HGET', KEYS[1], ARGV[1]) or '')"
# FIELD PIECE SECONDS: an unfinished publication expires, one that is complete never does by this.
_PUT = f"""
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('HEXISTS', KEYS[1], '{COUNTS}') == 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
"""
# COUNTS FIELD...: complete only with every piece; the first may have expired meanwhile.
_COMPLETE = f"""
for index = 2, #ARGV do
  if redis.call('HEXISTS', KEYS[1], ARGV[index]) == 0 then return 0 end
end
redis.call('HSET', KEYS[1], '{COUNTS}', ARGV[1])
redis.call('PERSIST', KEYS[1])
return 1
"""


class Shipping:
    """Publishes to and fetches from the broker of `settings`, connecting only when it is used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def publish(self, adapter: Adapter) -> None:
        """Put an adapter's files into the broker, where every host can fetch them.

        Raises:
            AdapterRefused: its files changed meanwhile, or the broker has no room for them.
        """
        redis, key = self._redis(), _key(adapter.digest)
        # Published before: it may be about to expire, and must stay while it is in use.
        if redis.hexists(key, COUNTS):
            redis.persist(key)
        try:
            counts = {name: _publish_file(redis, key, adapter.path / name) for name in FILES}
            if read(adapter.path).digest != adapter.digest:
                redis.delete(key)  # some of its pieces may be those of other content
                raise AdapterRefused(f"The files of adapter {adapter.name!r} were replaced.")
        except OSError as error:
            raise AdapterRefused(f"The files of adapter {adapter.name!r} are gone.") from error
        except ResponseError as error:
            raise AdapterRefused(
                f"The broker did not take the files of adapter {adapter.name!r} ({error}); "
                "give it more memory, then use the adapter again."
            ) from error
        fields = [_field(name, index) for name in counts for index in range(counts[name])]
        if not redis.register_script(_COMPLETE)(keys=[key], args=[json.dumps(counts), *fields]):
            raise AdapterRefused(
                f"Publishing the adapter {adapter.name!r} took too long; use it again."
            )
        log.info("adapter %s is published for other hosts", adapter.name)

    def keep(self, digest: str) -> None:
        """Keep an adapter's files, which somebody who stopped using it may have let expire."""
        self._redis().persist(_key(digest))

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
            NotWritable: the disk is full, or refuses.
        """
        folder = self.folder(name, digest)
        fetched = folder.parent.parent
        with writing(fetched):
            make_private(fetched)
        with locked(fetched / ".lock"):
            if not _holds(folder, digest):  # else another thread or process fetched it meanwhile
                shutil.rmtree(folder, ignore_errors=True)
                self._fetch(name, digest, folder)
                _prune(fetched)
        return folder

    def _fetch(self, name: str, digest: str, folder: Path) -> None:
        counts = cast(bytes | None, self._redis().hget(_key(digest), COUNTS))
        if counts is None:
            raise AdapterRefused(
                f"The adapter {name!r} is not on this host any more, and nobody has published it."
            )
        with whole_folder(folder) as aside:
            self._write(name, digest, json.loads(counts), aside)
            if not _holds(aside, digest):
                raise AdapterRefused(
                    f"The files of adapter {name!r} arrived damaged; "
                    "use the adapter again where it was trained, which repairs them."
                )
        log.info("adapter %s was fetched", name)

    def _write(self, name: str, digest: str, counts: dict[str, Any], folder: Path) -> None:
        redis, total = self._redis(), 0
        for file, count in counts.items():
            if file not in FILES:
                raise AdapterRefused(f"What was published as {digest!r} is not an adapter.")
            for index in range(int(count)):
                piece = cast(bytes | None, redis.hget(_key(digest), _field(file, index)))
                if piece is None:
                    raise AdapterRefused(
                        f"The files of adapter {name!r} are no longer complete in the broker; "
                        "use the adapter again where it was trained, which repairs them."
                    )
                total += len(piece)
                if total > 2 * MAX_WEIGHTS_BYTES:
                    raise AdapterRefused(f"What was published as {digest!r} is not an adapter.")
                with (folder / file).open("ab") as opened:
                    opened.write(piece)

    def _redis(self) -> Redis:
        return connect(self._settings, decode=False)


def _holds(folder: Path, digest: str) -> bool:
    """Tell whether the adapter in `folder` is whole and has that digest."""
    try:
        return read(folder).digest == digest
    except AdapterRefused:
        return False


def _key(digest: str) -> str:
    return f"swallow:adapter-pieces:{digest}"


def _field(file: str, index: int) -> str:
    return f"{file}:{index}"


def _publish_file(redis: Redis, key: str, file: Path) -> int:
    """Publish the pieces of a file that are missing or damaged; return how many it has."""
    digest, put = redis.register_script(_DIGEST), redis.register_script(_PUT)
    count = 0
    for count, piece in enumerate(_pieces(file), start=1):
        field = _field(file.name, count - 1)
        there = cast(bytes, digest(keys=[key], args=[field])).decode()
        if there != hashlib.sha1(piece, usedforsecurity=False).hexdigest():
            put(keys=[key], args=[field, piece, ABANDONED_SECONDS])
    return count


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
