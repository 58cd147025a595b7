"""What an issuer's logout makes of it: revocations of what was issued before."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

from gateway.config.issuer import Issuer
from gateway.errors import IdentityUnavailable
from gateway.identity.keys.sources import IssuerSources
from gateway.identity.revocation.logout_token import Logout, LogoutTokens
from gateway.identity.revocation.revocation import Revocation
from gateway.identity.revocation.revocations import Revocations
from gateway.store.store import Store
from gateway.store.unavailable import StoreUnavailable

logger = logging.getLogger(__name__)

# Longer than any access token should live; then the entry has nothing left to refuse.
LOGOUT_KEPT_S = 30 * 86400.0


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
