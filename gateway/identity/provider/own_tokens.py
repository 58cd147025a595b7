"""Tokens for the gateway itself, by the client credentials grant: RFC 6749 §4.4."""

from collections.abc import Mapping
from http import HTTPStatus

from cachetools import TLRUCache

from gateway.config.issuer import ClientCredentials
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.fetch import Answer, Call
from gateway.identity.provider.provider import Provider
from gateway.identity.provider.question import Question, Sample
from gateway.identity.provider.token_answer import GrantedToken, parse_error, parse_token
from gateway.identity.token.templates import fill_url
from gateway.resilience.clocks import Clocks
from gateway.resilience.single_flight import SingleFlight

MAX_REMEMBERED = 1000


class OwnTokens:
    """One token per token endpoint, asked for once and used until shortly before its end."""

    def __init__(
        self,
        settings: ClientCredentials,
        provider: Provider,
        auth: ClientAuth,
        flights: SingleFlight,
        clocks: Clocks,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._auth = auth
        self._flights = flights
        self._clocks = clocks
        self._good_url: str | None = None
        self._tokens: TLRUCache[str, GrantedToken] = TLRUCache(
            MAX_REMEMBERED,
            ttu=lambda url, granted, now: now + granted.usable_s,
            timer=clocks.monotonic,
        )

    async def token(self, claims: Mapping[str, object]) -> str:
        """The token of the endpoint that `claims` of the caller lead to.

        Raises `IdentityUnavailable` when there is none to be had.
        """
        url = fill_url(self._settings.token_url, claims)
        known = self._tokens.get(url)
        if known is None:
            known = await self._flights.join(("own token", self, url), lambda: self._ask(url))
            self._tokens[url] = known
        return known.token

    async def _ask(self, url: str) -> GrantedToken:
        known = self._good_url
        # Which tenant is asked about, a claim of the caller's says.
        sample = None if known is None else Sample(lambda: self._call(known), _is_granted)
        by_caller = url != self._settings.token_url
        answer = await self._provider.ask(Question(self._call(url), _is_granted, sample, by_caller))
        granted = parse_token(answer)
        if granted is None or not _is_granted(answer):
            raise self._provider.unusable(f"token endpoint: {parse_error(answer)}")
        self._good_url = url
        return granted

    def _call(self, url: str) -> Call:
        wanted = {
            "grant_type": "client_credentials",
            "scope": self._settings.scope,
            "audience": self._settings.audience,
            "resource": self._settings.resource,
        }
        form = {name: value for name, value in wanted.items() if value}
        headers, form = self._auth.apply(form, self._clocks.wall())
        return Call(url, "POST", headers, form)


def _is_granted(answer: Answer) -> bool:
    return answer.status == HTTPStatus.OK and parse_token(answer) is not None
