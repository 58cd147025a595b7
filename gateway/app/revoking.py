"""Puts revocations into effect: remembered verdicts end, live streams are cut."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from gateway.app.generation.issuers import Issuers
from gateway.config.model import Config
from gateway.identity.principal import Principal
from gateway.identity.revocation.revocation import Revocation
from gateway.identity.revocation.revocation_file import parse_revocations
from gateway.identity.revocation.revocations import Revocations
from gateway.identity.verdict.cache import VerdictCache
from gateway.proxy.inbound.streams import Streams
from gateway.resilience.clocks import Clocks
from gateway.resilience.watched_file import WatchedFile
from gateway.store.store import Store

logger = logging.getLogger(__name__)

REASON = "revoked"


@dataclass(slots=True)
class Enforcement:
    """Ends verdicts, and the streams that rest on them; its members come once they are built.

    A verdict ends with a revocation, with an issuer's key, or with an API key.
    """

    revocations: Revocations | None = None
    cache: VerdictCache | None = None
    streams: Streams | None = None
    issuers: Issuers | None = None

    def begin(self, cache: VerdictCache, streams: Streams, issuers: Issuers) -> None:
        """End what is in these from now on, and let what these issuers vouch for count."""
        self.cache, self.streams, self.issuers = cache, streams, issuers

    def check(self, principal: Principal, now: float) -> None:
        """Raise `InvalidToken` for a caller whom a request would now be refused."""
        if self.revocations is not None:
            self.revocations.check(principal, now)
        if self.issuers is not None:
            self.issuers.check_credential(principal)

    def enforce(self) -> None:
        """Forget verdicts and end streams that the list concerns now."""
        if self.revocations is not None:
            self.end(self.revocations.concerns)

    def end(self, concerns: Callable[[Principal], bool]) -> None:
        """Forget the verdicts on the principals that `concerns` picks, and end their streams."""
        if self.cache is not None:
            self.cache.forget(concerns)
        if self.streams is not None:
            self.streams.end(concerns, REASON)

    def end_keys(self, thumbprints: frozenset[str]) -> None:
        """Let nothing count on that was verified with these keys of issuers."""
        if self.cache is not None:
            # All of it: a verdict that began before may rest on the key that is gone.
            self.cache.clear()
        if self.streams is not None:
            self.streams.end(lambda who: who.signing_key in thumbprints, REASON)


async def open_revocations(config: Config, store: Store, enforcement: Enforcement) -> Revocations:
    """Build the list from the store and the configured file, and read both once."""
    file: WatchedFile[tuple[Revocation, ...]] | None = None
    if config.revocations.file is not None:
        file = WatchedFile(config.revocations.file, parse_revocations, ())
    revocations = Revocations(store, file, Clocks(), enforcement.enforce)
    enforcement.revocations = revocations
    await revocations.load()
    return revocations
