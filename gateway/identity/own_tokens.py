"""Tokens for the gateway itself, by the client credentials grant: RFC 6749 §4.4."""

from collections.abc import Mapping
from http import HTTPStatus

from cachetools import TLRUCache

from gateway.config.issuer import ClientCredentials
from gateway.identity.client_auth import ClientAuth
from gateway.identity.clocks import Clocks
from gateway.identity.fetch import Call
from gateway.identity.flights import Flights
from gateway.identity.provider import Provider
from gateway.identity.templates import fill_url
from gateway.identity.token_answer import GrantedToken, read_error, read_token

MAX_REMEMBERED = 1000


class OwnTokens:
    """One token per token endpoint, asked for once and used until shortly before its end."""

    def __init__(
        self,
        settings: ClientCredentials,
        provider: Provider,
        auth: ClientAuth,
        flights: Flights,
        clocks: Clocks,
    ) -> None:
        self._settings = settings
        self._provider = provider
        self._auth = auth
        self._flights = flights
        self._clocks = clocks
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
        wanted = {
            "grant_type": "client_credentials",
            "scope": self._settings.scope,
            "audience": self._settings.audience,
            "resource": self._settings.resource,
        }
        form = {name: value for name, value in wanted.items() if value}
        headers, form = self._auth.apply(form, self._clocks.wall())
        answer = await self._provider.ask(Call(url, "POST", headers, form))
        if answer.status != HTTPStatus.OK:
            raise self._provider.misconfigured(f"token endpoint: {read_error(answer)}")
        granted = read_token(answer)
        if granted is None:
            raise self._provider.misconfigured("token endpoint: no usable token in the answer")
        return granted
