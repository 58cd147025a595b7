"""Groups that did not fit into a token, from the provider's directory."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from cachetools import TLRUCache

from gateway.config.issuer import GroupLookup
from gateway.errors import IdentityUnavailable
from gateway.identity.principal import Principal
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import Question, Sample
from gateway.identity.token.lists import parse_list
from gateway.identity.token.templates import fill_url, fill_with
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight

MAX_REMEMBERED = 10_000
# Soon enough that a caller waits no longer than the directory is away.
UNKNOWN_FOR_S = 5.0
_NOBODY = "00000000-0000-0000-0000-000000000000"
_FORBIDDEN = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED}
)

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
        flights: SingleFlight,
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
        url, own = fill_url(settings.url, principal.claims), await self._own_token(principal)
        nobody = fill_with(settings.url, _NOBODY)
        sample = Sample(lambda: self._call(nobody, own), _knows_the_gateway)
        question = Question(
            self._call(url, own), _is_found, sample, by_caller=nobody != settings.url
        )
        answer = await self._provider.ask(question)
        if not _is_found(answer):
            raise self._provider.unusable(f"group lookup: status {answer.status}")
        return _Found(parse_list(answer.document, settings.items, settings.each), until)

    def _call(self, url: str, own: str) -> Call:
        return Call(
            url,
            method="GET" if self._settings.body is None else "POST",
            headers={"Authorization": f"Bearer {own}"},
            json=self._settings.body,
        )


def _is_found(answer: Answer) -> bool:
    return answer.status == HTTPStatus.OK


def _knows_the_gateway(answer: Answer) -> bool:
    # Whom nobody knows, a directory does not find; what it forbids, it forbids the gateway.
    return answer.status not in _FORBIDDEN
