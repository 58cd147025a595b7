"""The revocations in force: those of a file and those of the store, which replicas share."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping

from gateway.identity.clocks import Clocks
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.revocation import (
    Revocation,
    RevocationSet,
    dump_revocation,
    parse_revocation,
)
from gateway.identity.watched_file import WatchedFile
from gateway.store.store import Store
from gateway.store.unavailable import StoreUnavailable

logger = logging.getLogger(__name__)

KIND = "revocation"
POLL_S = 0.5

RevocationFile = WatchedFile[tuple[Revocation, ...]]


class Revocations:
    """The list, kept fresh by `run`; `on_change` is called after each change.

    While the store does not answer, what it said last stays in force, and `is_current` is
    False: nobody who is revoked gets back in for that.
    """

    def __init__(
        self,
        store: Store,
        file: RevocationFile | None,
        clocks: Clocks,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.is_current = True
        self._store = store
        self._file = file
        self._clocks = clocks
        self._on_change = on_change
        self._version: str | None = None
        self._stored: tuple[Revocation, ...] = ()
        self._filed: tuple[Revocation, ...] = ()
        self._set = RevocationSet()

    def __len__(self) -> int:
        return len(self._set)

    def check(self, principal: Principal, now: float) -> None:
        """Raise `InvalidToken` for a principal that is revoked."""
        if self._set.find(principal, now) is not None:
            raise refused("revoked")

    def concerns(self, principal: Principal) -> bool:
        """Whether the principal is revoked now."""
        return self._set.find(principal, self._clocks.wall()) is not None

    def listed(self) -> tuple[Revocation, ...]:
        """Everything in force, the file's first."""
        return tuple(dict.fromkeys((*self._filed, *self._stored)))

    async def add(self, revocation: Revocation) -> None:
        """Keep a revocation and act on it at once. Raises `StoreUnavailable`."""
        value = json.dumps(dump_revocation(revocation)).encode()
        await self._store.add(KIND, revocation.identity, value, revocation.until)
        await self._read_store()

    async def remove(self, identity: str) -> bool:
        """Pardon; False when the store knows no such revocation. Raises `StoreUnavailable`."""
        removed = await self._store.remove(KIND, identity)
        await self._read_store()
        return removed

    async def run(self) -> None:
        """Look for changes until cancelled."""
        while True:
            await self.load()
            await asyncio.sleep(POLL_S)

    async def load(self) -> None:
        """Look for changes once."""
        if self._file is not None:
            await self._file.load()
            if self._file.value != self._filed:
                self._filed = self._file.value
                self._use()
        try:
            if await self._store.version(KIND) != self._version:
                await self._read_store()
        except StoreUnavailable as error:
            self._lose(error)
        else:
            self._find_again()

    async def _read_store(self) -> None:
        # The version first: a change in between is then seen at the next look.
        version = await self._store.version(KIND)
        entries = await self._store.entries(KIND)
        stored = tuple(_read_entries(entries))
        self._version = version
        if set(stored) != set(self._stored):
            self._stored = stored
            self._use()

    def _use(self) -> None:
        self._set = RevocationSet(self.listed())
        logger.info("revocations changed", extra={"count": len(self._set)})
        self._on_change()

    def _lose(self, error: StoreUnavailable) -> None:
        if self.is_current:
            logger.error("revocations cannot be read", extra={"error": str(error)})
        self.is_current = False

    def _find_again(self) -> None:
        if not self.is_current:
            logger.info("revocations can be read again")
        self.is_current = True


def _read_entries(entries: Mapping[str, bytes]) -> Iterator[Revocation]:
    for key, value in entries.items():
        try:
            yield parse_revocation(json.loads(value))
        except ValueError as error:  # of another version of the gateway, or somebody else's
            logger.error("revocation not understood", extra={"id": key, "error": str(error)})
