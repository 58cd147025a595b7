"""Facts in one file, for gateways of one machine: they survive a restart."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from gateway.store.unavailable import StoreUnavailable

BUSY_TIMEOUT_S = 2.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (
    kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, expires_at REAL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (kind TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
"""
_ADD = "INSERT OR IGNORE INTO facts VALUES (?, ?, ?, ?)"
_EXPIRE = "DELETE FROM facts WHERE kind = ? AND expires_at <= ?"
_REMOVE = "DELETE FROM facts WHERE kind = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)"
_ENTRIES = "SELECT key, value FROM facts WHERE kind = ? AND (expires_at IS NULL OR expires_at > ?)"
_CHANGED = (
    "INSERT INTO versions VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET version = version + 1"
)
_VERSION = "SELECT version FROM versions WHERE kind = ?"

T = TypeVar("T")


class SqliteStore:
    """A SQLite file, made at the first write, so that a gateway that keeps nothing writes nothing.

    Several processes may share it.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        """Keep a value unless there is one."""

        def work(database: sqlite3.Connection) -> bool:
            database.execute(_EXPIRE, (kind, self._clock()))
            is_new = database.execute(_ADD, (kind, key, value, expires_at)).rowcount == 1
            if is_new:
                database.execute(_CHANGED, (kind,))
            return is_new

        return await self._do(work)

    async def remove(self, kind: str, key: str) -> bool:
        """Forget a value."""

        def work(database: sqlite3.Connection) -> bool:
            was_there = database.execute(_REMOVE, (kind, key, self._clock())).rowcount == 1
            if was_there:
                database.execute(_CHANGED, (kind,))
            return was_there

        return await self._do(work)

    async def entries(self, kind: str) -> Mapping[str, bytes]:
        """Every value of a kind."""
        if not self._exists():
            return {}
        now = self._clock()
        return await self._do(lambda database: dict(database.execute(_ENTRIES, (kind, now))))

    async def version(self, kind: str) -> str:
        """A number that grows with every change, also by another process."""
        if not self._exists():
            return ""
        rows = await self._do(lambda database: database.execute(_VERSION, (kind,)).fetchall())
        return str(rows[0][0]) if rows else ""

    async def aclose(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await asyncio.to_thread(connection.close)

    def _exists(self) -> bool:
        return self._connection is not None or self._path.exists()

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await asyncio.to_thread(self._in_transaction, work)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            with self._lock:
                if self._connection is None:
                    self._connection = self._open()
                with self._connection:
                    return work(self._connection)
        except sqlite3.DatabaseError as error:
            raise StoreUnavailable(
                f"{self._path}: {error}. If the file is damaged, move it away: a new one is made,"
                " without the revocations that were in it."
            ) from error
        except OSError as error:
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made before SQLite does, which would let others read it.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT_S, check_same_thread=False, isolation_level="IMMEDIATE"
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # a revocation must survive a power cut
            connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection
