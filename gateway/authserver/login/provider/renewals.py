"""Asking the provider again about a person, once for all who refresh at once.

Providers rotate refresh tokens, and end a login whose old one comes again. Many processes of a
client refresh at the same moment, perhaps at several replicas: one of them asks, all get what it
was told.
"""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.authserver.login.login_method import Person
from gateway.authserver.login.provider.grant import ProviderGrant
from gateway.authserver.sealed_values import Life, SealedValues
from gateway.errors import IdentityUnavailable
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight
from gateway.store.store import Store

ASKING = "asking-provider"
TOLD = "told-by-provider"
# For clients that lost the answer, and come again with the token that it replaced.
MAX_KEPT_S = 600.0
# Longer than the provider may take; whoever asked is gone by then.
_CLAIM_S = 30.0
_POLL_S = 0.1
_PURPOSE = "renewed person"

Ask = Callable[[], Awaitable[Person]]


class Renewals:
    """What the provider told lately, sealed, under a name that only the old token gives."""

    def __init__(
        self,
        sealed: SealedValues,
        store: Store,
        flights: SingleFlight,
        clocks: Clocks,
        recheck_s: float,
    ) -> None:
        # What was told must not be older than what would be asked for anew.
        self._kept_s = min(MAX_KEPT_S, recheck_s)
        self._sealed = sealed
        self._store = store
        self._flights = flights
        self._clocks = clocks

    async def once(self, grant: ProviderGrant, ask: Ask) -> Person:
        """The person as the provider tells, or told a moment ago.

        Raises what `ask` raises, `IdentityUnavailable` and `StoreUnavailable`.
        """
        key = grant.digest
        return await self._flights.join(("renewal", key), lambda: self._once(key, ask))

    async def _once(self, key: str, ask: Ask) -> Person:
        now = self._clocks.wall()
        if (told := await self._told(key)) is not None:
            return told
        if not await self._store.add(ASKING, key, b"", now + _CLAIM_S):
            return await self._wait(key)
        try:
            # Once more: whoever asked before may have been told since, and the token is spent.
            if (told := await self._told(key)) is not None:
                return told
            person = await ask()
            sealed = self._sealed.close(person, _PURPOSE, (key,), now)
            await self._store.add(TOLD, key, sealed.encode(), now + self._kept_s)
        finally:
            await self._store.remove(ASKING, key)
        return person

    async def _wait(self, key: str) -> Person:
        """Wait for another replica, which asks now."""
        for _ in range(int(_CLAIM_S / _POLL_S / 6)):  # 5 s
            await asyncio.sleep(_POLL_S)
            if (told := await self._told(key)) is not None:
                return told
        raise IdentityUnavailable("The login is being renewed elsewhere; try again.")

    async def _told(self, key: str) -> Person | None:
        kept = await self._store.get(TOLD, key)
        if kept is None:
            return None
        life = Life(self._clocks.wall(), self._kept_s)
        return self._sealed.open(kept.decode(), Person, (_PURPOSE, (key,)), life)
