"""Facts in one file, for gateways of one machine: they survive a restart."""

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from gateway.store.readable import readable
from gateway.store.unavailable import StoreUnavailable

BUSY_TIMEOUT_S = 2.0
OPEN_TIMEOUT_S = 4.0
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
_GET = (
    "SELECT value FROM facts WHERE kind = ? AND key = ? AND (expires_at IS NULL OR expires_at > ?)"
)
_ENTRIES = "SELECT key, value FROM facts WHERE kind = ? AND (expires_at IS NULL OR expires_at > ?)"
_CHANGED = (
    "INSERT INTO versions VALUES (?, 1) ON CONFLICT (kind) DO UPDATE SET version = version + 1"
)
_VERSION = "SELECT version FROM versions WHERE kind = ?"
_OPENING = threading.Lock()
_RETRY_S = 0.02
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

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
        self._is_closed = False

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        """Keep a value unless there is one."""

        def work(database: sqlite3.Connection) -> bool:
            database.execute(_EXPIRE, (kind, self._clock()))
            is_new = database.execute(_ADD, (kind, key, value, expires_at)).rowcount == 1
            if is_new:
                database.execute(_CHANGED, (kind,))
            return is_new

        return await self._do(work)

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value."""

        def work(database: sqlite3.Connection) -> tuple[bytes, ...]:
            row = database.execute(_GET, (kind, key, self._clock())).fetchone()
            return () if row is None else (_octets(row[0]),)

        nothing: tuple[bytes, ...] = ()
        return next(iter(await self._do(work, without_file=nothing)), None)

    async def remove(self, kind: str, key: str) -> bool:
        """Forget a value."""

        def work(database: sqlite3.Connection) -> bool:
            was_there = database.execute(_REMOVE, (kind, key, self._clock())).rowcount == 1
            if was_there:
                database.execute(_CHANGED, (kind,))
            return was_there

        return await self._do(work, without_file=False)

    async def entries(self, kind: str) -> Mapping[str, bytes]:
        """Every value of a kind."""
        now = self._clock()

        def work(database: sqlite3.Connection) -> dict[str, bytes]:
            rows = database.execute(_ENTRIES, (kind, now))
            return {readable(key): _octets(value) for key, value in rows}

        return await self._do(work, without_file={})

    async def version(self, kind: str) -> str:
        """A number that grows with every change, also by another process."""

        def work(database: sqlite3.Connection) -> str:
            row = database.execute(_VERSION, (kind,)).fetchone()
            return "" if row is None else readable(row[0])

        return await self._do(work, without_file="")

    async def aclose(self) -> None:
        """Close the file; nothing opens it again."""
        await asyncio.to_thread(self._close)

    async def _do(
        self, work: Callable[[sqlite3.Connection], T], without_file: T | None = None
    ) -> T:
        """Run `work` in one transaction; `without_file` is what to say when there is no file."""
        return await asyncio.to_thread(self._locked, work, without_file)

    def _locked(self, work: Callable[[sqlite3.Connection], T], without_file: T | None) -> T:
        with self._lock:
            try:
                if self._connection is None:
                    if without_file is not None and not self._path.exists():
                        return without_file
                    self._connection = self._open()
                with self._connection:
                    return work(self._connection)
            except sqlite3.Error as error:
                self._disconnect()  # the next call may find the file repaired
                raise StoreUnavailable(self._complaint(error)) from error
            except OSError as error:
                raise StoreUnavailable(f"{self._path}: {error.strerror}") from error

    def _complaint(self, error: sqlite3.Error) -> str:
        # The low byte is the primary code: https://www.sqlite.org/rescode.html
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            return f"{self._path}: {error}"
        return (
            f"{self._path}: {error}. Stop the gateways that use it, move it away together with its"
            " -wal and -shm, and start them: a new one is made, without what was in this one."
        )

    def _close(self) -> None:
        # With the lock: a call that was given up may still be at work in its thread.
        with self._lock:
            self._is_closed = True
            self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._is_closed:
            raise sqlite3.ProgrammingError("the store is closed")
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _OPENING:
            # Made before SQLite does, which would let others read it. Never opened when it is
            # there: closing it would drop the locks of this process's other connections
            # (https://www.sqlite.org/howtocorrupt.html §2.2).
            with suppress(FileExistsError):
                os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = sqlite3.connect(
                self._path,
                timeout=BUSY_TIMEOUT_S,
                check_same_thread=False,
                isolation_level="IMMEDIATE",
            )
            # Others may have written text that is none: whoever asks for it judges the bytes.
            connection.text_factory = bytes
            try:
                _prepare(connection)
            except sqlite3.Error:
                connection.close()
                raise
            return connection


def _octets(value: object) -> bytes:
    # A column keeps whatever type somebody wrote into it: https://www.sqlite.org/datatype3.html
    return value if isinstance(value, bytes) else str(value).encode()


def _prepare(connection: sqlite3.Connection) -> None:
    ends_at = time.monotonic() + OPEN_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            # While another process does the same, SQLite refuses at once instead of waiting.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > ends_at:
                raise
            time.sleep(_RETRY_S)
    connection.execute("PRAGMA synchronous=FULL")  # a revocation must survive a power cut
    connection.executescript(_SCHEMA)
