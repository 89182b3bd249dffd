"""The SQLite file behind the workspace; without a file, the same tables in memory.

Rows are JSON. Knows nothing of what a message means, and no rule of Slack's.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.files import make_private

_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    channel TEXT NOT NULL, ts TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (channel, ts));
CREATE TABLE IF NOT EXISTS files (id TEXT PRIMARY KEY, body TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS envelopes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL);
"""


class Database:
    """Messages, files and undelivered envelopes, each written when it changes."""

    def __init__(self, path: Path | None = None) -> None:
        if path is not None:
            make_private(path.parent)
            # Conversations are private: SQLite itself would create a file that others can read.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)

    def close(self) -> None:
        """Close the file; nothing can be read or written afterwards."""
        self._db.close()

    def messages(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every message with its channel id, oldest first."""
        for channel, body in self._db.execute("SELECT channel, body FROM messages ORDER BY ts"):
            yield channel, json.loads(body)

    def put_message(self, channel: str, message: dict[str, Any]) -> None:
        """Write a new message or the new content of an old one."""
        self._db.execute(
            "INSERT INTO messages VALUES (?, ?, ?)"
            " ON CONFLICT (channel, ts) DO UPDATE SET body = excluded.body",
            (channel, message["ts"], json.dumps(message)),
        )

    def drop_message(self, channel: str, ts: str) -> None:
        """Forget a message."""
        self._db.execute("DELETE FROM messages WHERE channel = ? AND ts = ?", (channel, ts))

    def put_file(self, description: dict[str, Any], content: bytes) -> None:
        """Write an uploaded file."""
        self._db.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?)",
            (description["id"], json.dumps(description), content),
        )

    def file(self, file_id: str) -> tuple[dict[str, Any], bytes] | None:
        """The file's description and content, None if there is no such file."""
        row = self._db.execute(
            "SELECT body, content FROM files WHERE id = ?", (file_id,)
        ).fetchone()
        return None if row is None else (json.loads(row[0]), row[1])

    def envelopes(self) -> list[dict[str, Any]]:
        """Envelopes that no bot had acknowledged when the workspace stopped, oldest first."""
        rows = self._db.execute("SELECT body FROM envelopes ORDER BY number").fetchall()
        return [json.loads(body) for (body,) in rows]

    def put_envelope(self, envelope: dict[str, Any]) -> None:
        """Keep an envelope until it is delivered."""
        self._db.execute(
            "INSERT OR IGNORE INTO envelopes (id, body) VALUES (?, ?)",
            (envelope["envelope_id"], json.dumps(envelope)),
        )

    def drop_envelope(self, envelope_id: str) -> None:
        """Forget an envelope that was delivered or has used up its retries."""
        self._db.execute("DELETE FROM envelopes WHERE id = ?", (envelope_id,))
