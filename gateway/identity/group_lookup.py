"""Groups that did not fit into a token, from the provider's directory."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from cachetools import TLRUCache

from gateway.config.issuer import GroupLookup
from gateway.errors import IdentityUnavailable
from gateway.identity.clocks import Clocks
from gateway.identity.fetch import Call
from gateway.identity.flights import Flights
from gateway.identity.lists import read_list
from gateway.identity.principal import Principal
from gateway.identity.provider import Provider
from gateway.identity.templates import fill_url

MAX_REMEMBERED = 10_000
# Soon enough that a caller waits no longer than the directory is away.
UNKNOWN_FOR_S = 5.0

# Gives the gateway's own token for the directory of one principal's tenant.
OwnToken = Callable[[Principal], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class _Found:
    groups: tuple[str, ...]
    until: float


class GroupLookups:
    """Looks a caller's groups up, once for everybody who waits and then not for a while."""

    def __init__(
        self,
        settings: GroupLookup,
        provider: Provider,
        own_token: OwnToken,
        flights: Flights,
        clocks: Clocks,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._own_token = own_token
        self._flights = flights
        self._clocks = clocks
        self._known: TLRUCache[tuple[str, str], _Found] = TLRUCache(
            MAX_REMEMBERED, ttu=lambda caller, found, now: found.until, timer=clocks.monotonic
        )

    async def complete(self, principal: Principal) -> Principal:
        """The principal with its groups; unknown they stay for a moment when nobody answers."""
        caller = (principal.issuer, principal.subject)
        found = self._known.get(caller)
        if found is None:
            try:
                found = await self._flights.join(
                    ("groups", self, caller), lambda: self._look_up(principal)
                )
            except IdentityUnavailable:
                return replace(principal, remember_s=UNKNOWN_FOR_S)
            self._known[caller] = found
        # The verdict ends with its groups: else they would count for up to twice `cache`.
        remaining_s = max(found.until - self._clocks.monotonic(), 0.0)
        return replace(principal, groups=found.groups, remember_s=remaining_s)

    async def _look_up(self, principal: Principal) -> _Found:
        settings = self._settings
        until = self._clocks.monotonic() + settings.cache
        call = Call(
            fill_url(settings.url, principal.claims),
            method="GET" if settings.body is None else "POST",
            headers={"Authorization": f"Bearer {await self._own_token(principal)}"},
            json=settings.body,
        )
        answer = await self._provider.ask(call)
        if answer.status != HTTPStatus.OK:
            raise self._provider.misconfigured(f"group lookup: status {answer.status}")
        return _Found(read_list(answer.document, settings.items, settings.each), until)
