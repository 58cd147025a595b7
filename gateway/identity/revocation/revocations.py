"""The revocations in force: those of a file and those of the store, which replicas share."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.errors import IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.identity.reasons import refused
from gateway.identity.revocation.revocation import (
    Revocation,
    RevocationSet,
    dump_revocation,
    parse_revocation,
)
from gateway.resilience.clocks import Clocks
from gateway.resilience.repeat import repeat
from gateway.resilience.watched_file import WatchedFile
from gateway.store.store import Store
from gateway.store.unavailable import StoreUnavailable
from gateway.strict_json import parse_json

logger = logging.getLogger(__name__)

KIND = "revocation"
POLL_S = 0.5

RevocationFile = WatchedFile[tuple[Revocation, ...]]


class Revocations:
    """The list, kept fresh by `run`; `on_change` is called after each change.

    While the store or the file cannot be read, what it said last stays in force, so that nobody
    who is revoked gets back in for that, and `is_current` is False.
    """

    def __init__(
        self,
        store: Store,
        file: RevocationFile | None,
        clocks: Clocks,
        on_change: Callable[[], None] = lambda: None,
        poll_s: float = POLL_S,
    ) -> None:
        self._store = store
        self._file = file
        self._clocks = clocks
        self._on_change = on_change
        self._poll_s = poll_s
        # An older answer of the store must not be put over a newer one.
        self._lock = asyncio.Lock()
        self._is_store_current = True
        self._version: str | None = None
        self._unreadable = 0
        self._stored: tuple[Revocation, ...] = ()
        self._filed: tuple[Revocation, ...] = ()
        self._set = RevocationSet()

    def __len__(self) -> int:
        return len(self.listed())

    @property
    def is_current(self) -> bool:
        """Whether both the store and the file could be read last time, and all that is in them."""
        is_file_current = self._file is None or self._file.error is None
        return self._is_store_current and not self._unreadable and is_file_current

    def check(self, principal: Principal, now: float) -> None:
        """Raise `InvalidToken` for a principal that is revoked.

        And `IdentityUnavailable` while the list was never read, and for a principal whose
        groups nobody knows while a group is revoked.
        """
        if self.missing:
            raise IdentityUnavailable("Who is revoked is not known yet.")
        if self._set.find(principal, now) is not None:
            raise refused("revoked")
        if self._set.needs_groups(principal, now):
            raise IdentityUnavailable(
                "The caller's groups are not known now.", reason="groups_unknown"
            )

    def concerns(self, principal: Principal) -> bool:
        """Whether the principal is revoked now, or may be."""
        now = self._clocks.wall()
        found = self._set.find(principal, now)
        return found is not None or self._set.needs_groups(principal, now)

    @property
    def missing(self) -> str:
        """Why nobody can say who is revoked; empty once the store and the file were read."""
        if self._version is None:
            return "the store has not answered yet"
        if self._file is not None and not self._file.was_read:
            return "the file of revocations could not be read yet"
        return ""

    def listed(self) -> tuple[Revocation, ...]:
        """Everything in force, the file's first."""
        now = self._clocks.wall()
        union = dict.fromkeys((*self._filed, *self._stored))
        return tuple(each for each in union if each.until is None or now < each.until)

    async def add(self, revocation: Revocation) -> None:
        """Keep a revocation and act on it at once. Raises `StoreUnavailable`."""
        value = json.dumps(dump_revocation(revocation)).encode()
        async with self._lock:
            await self._store.add(KIND, revocation.identity, value, revocation.until)
            # Not read back: it is in force here even when the store fails right after.
            self._use_stored((*self._stored, revocation))

    async def remove(self, identity: str) -> bool:
        """Pardon; False when the store knows no such revocation. Raises `StoreUnavailable`."""
        async with self._lock:
            removed = await self._store.remove(KIND, identity)
            self._use_stored(each for each in self._stored if each.identity != identity)
        return removed

    async def run(self) -> None:
        """Look for changes until cancelled.

        Apart from each other: a store that does not answer must not hold up the file.
        """
        async with asyncio.TaskGroup() as group:
            for name, look in (("file", self._load_file), ("store", self._load_store)):
                group.create_task(repeat(f"revocations of the {name}", look, lambda: self._poll_s))

    async def load(self) -> None:
        """Look for changes once."""
        await self._load_file()
        await self._load_store()

    async def _load_file(self) -> None:
        if self._file is None:
            return
        await self._file.load()
        if self._file.value != self._filed:
            self._filed = self._file.value
            self._enforce()

    async def _load_store(self) -> None:
        try:
            async with self._lock:
                await self._read_store()
        except StoreUnavailable as error:
            if self._is_store_current:
                logger.error("revocations cannot be read", extra={"error": str(error)})
            self._is_store_current = False
        except Exception:
            # What nobody foresaw must neither end the gateway nor count as read.
            if self._is_store_current:
                logger.exception("revocations cannot be read")
            self._is_store_current = False
        else:
            if not self._is_store_current:
                logger.info("revocations can be read again")
            self._is_store_current = True

    async def _read_store(self) -> None:
        # The version first: a change in between is then seen at the next look.
        version = await self._store.version(KIND)
        if version == self._version:
            return
        entries = await self._store.entries(KIND)
        self._version = version
        self._use_stored([*self._understood(entries)])

    def _understood(self, entries: Mapping[str, bytes]) -> Iterator[Revocation]:
        """What the entries say; of one that is not understood, what it said before."""
        known = {each.identity: each for each in self._stored}
        self._unreadable = 0
        for key, value in entries.items():
            try:
                yield parse_revocation(parse_json(value))
            except ValueError as error:  # of another version of the gateway, or somebody else's
                self._unreadable += 1
                logger.error("revocation not understood", extra={"id": key, "error": str(error)})
                if key in known:
                    yield known[key]

    def _use_stored(self, revocations: Iterable[Revocation]) -> None:
        old, self._stored = self._stored, tuple(dict.fromkeys(revocations))
        if set(old) != set(self._stored):
            self._enforce()

    def _enforce(self) -> None:
        listed = self.listed()
        self._set = RevocationSet(listed)
        logger.info("revocations changed", extra={"count": len(listed)})
        self._on_change()
