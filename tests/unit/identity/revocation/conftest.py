"""A list of revocations with a store and a file that the test changes and takes away."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.identity.principal import Principal
from gateway.identity.revocation.revocation_file import parse_revocations
from gateway.identity.revocation.revocations import RevocationFile, Revocations
from gateway.resilience.watched_file import WatchedFile
from gateway.store.memory import MemoryStore
from gateway.store.unavailable import StoreUnavailable
from tests.support.hand_clock import HandClock


class FailingStore(MemoryStore):
    """The memory store, whose host the test unplugs; `reading` opens while entries are read."""

    def __init__(self) -> None:
        super().__init__()
        self.is_plugged = True
        self.answers = asyncio.Event()
        self.answers.set()
        self.reading = asyncio.Event()
        self.surprise: Exception | None = None
        self.read = 0

    async def add(self, kind: str, key: str, value: bytes, expires_at: float | None) -> bool:
        self._need_plug()
        return await super().add(kind, key, value, expires_at)

    async def entries(self, kind: str) -> Mapping[str, bytes]:
        self.read += 1
        found = await super().entries(kind)
        self.reading.set()
        await self.answers.wait()
        self._need_plug()
        return found

    async def version(self, kind: str) -> str:
        self._need_plug()
        if self.surprise is not None:
            raise self.surprise
        return await super().version(kind)

    def _need_plug(self) -> None:
        if not self.is_plugged:
            raise StoreUnavailable("Redis: ConnectionError")


@dataclass
class World:
    """A list with what it reads, and how often it told of a change."""

    folder: Path
    clock: HandClock
    store: FailingStore = field(default_factory=FailingStore)
    changes: list[int] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def path(self) -> Path:
        return self.folder / "revocations.yaml"

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")

    def file(self) -> RevocationFile:
        return WatchedFile(self.path, parse_revocations, ())

    def replica(self, file: RevocationFile | None = None, poll_s: float = 0.01) -> Revocations:
        return Revocations(self.store, file, self.clock.clocks, self.note_change, poll_s)

    def note_change(self) -> None:
        self.changes.append(1)
        self.changed.set()

    async def until_revoked(self, revocations: Revocations, principal: Principal) -> None:
        while not revocations.concerns(principal):
            self.changed.clear()
            await self.changed.wait()


@pytest.fixture
def world(tmp_path: Path, clock: HandClock) -> World:
    return World(tmp_path, clock)
