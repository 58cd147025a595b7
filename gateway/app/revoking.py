"""Puts revocations into effect: remembered verdicts end, live streams are cut."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from gateway.app.generation.issuers import Issuers
from gateway.config.issuer import Issuer
from gateway.config.model import Config
from gateway.errors import IdentityUnavailable
from gateway.identity.keys.sources import IssuerSources
from gateway.identity.principal import Principal
from gateway.identity.revocation.logout_token import Logout, LogoutTokens
from gateway.identity.revocation.revocation import Revocation
from gateway.identity.revocation.revocation_file import parse_revocations
from gateway.identity.revocation.revocations import Revocations
from gateway.identity.verdict.cache import VerdictCache
from gateway.proxy.inbound.streams import Streams
from gateway.resilience.clocks import Clocks
from gateway.resilience.watched_file import WatchedFile
from gateway.store.store import Store
from gateway.store.unavailable import StoreUnavailable

logger = logging.getLogger(__name__)

REASON = "revoked"
# Longer than any access token should live; then the entry has nothing left to refuse.
LOGOUT_KEPT_S = 30 * 86400.0


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


def logout_taker(
    issuer: Issuer, sources: IssuerSources, revocations: Revocations, store: Store
) -> Callable[[str], Awaitable[None]]:
    """Build what verifies the logout tokens of one issuer and acts on them."""
    clients = issuer.backchannel_logout.clients if issuer.backchannel_logout is not None else ()
    tokens = LogoutTokens(issuer, clients, sources.keys)

    async def take(token: str) -> None:
        now = time.time()
        logout = await tokens.verify(token, now)
        mark = f"{logout.issuer} {logout.token_id}"
        try:
            if not await store.add("logout", mark, b"", logout.expires_at + issuer.clock_skew):
                return  # sent again: it took effect the first time
            for revocation in _revocations_of(logout, now):
                await revocations.add(revocation)
        except StoreUnavailable as error:
            logger.error("logout not kept", extra={"issuer": issuer.issuer, "error": str(error)})
            # The issuer may try again; a mark without its effect must not stay.
            with suppress(StoreUnavailable):
                await store.remove("logout", mark)
            raise IdentityUnavailable("The logout cannot be kept now.") from error

    return take


def _revocations_of(logout: Logout, now: float) -> Iterator[Revocation]:
    until = now + LOGOUT_KEPT_S
    if logout.session_id is not None:
        yield Revocation(
            "session_id", logout.session_id, issuer=logout.issuer, until=until, note="logout"
        )
    if logout.subject is not None:
        # Access tokens seldom name their session: then everything issued before the logout goes.
        yield Revocation(
            "subject",
            logout.subject,
            issuer=logout.issuer,
            before=logout.before,
            until=until,
            note="logout",
        )
