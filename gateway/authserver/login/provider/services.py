"""Whom the login asks at one provider: its endpoints, keys and metadata, each with its bounds."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from gateway.authserver.login.provider.people import AssertedPeople, People, Sources, as_issuer
from gateway.authserver.login.provider.response import ExpectedIssuer
from gateway.authserver.login.provider.tokens import Endpoint, TokenEndpoint
from gateway.authserver.login.provider.userinfo import UserinfoFacts
from gateway.config.login.provider import LoginProvider
from gateway.identity.keys.sources import IdentityServices, IssuerSources, build_sources
from gateway.identity.principal import Principal
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.provider.own_tokens import OwnTokens
from gateway.identity.provider.provider import CONNECTIONS, Kind, Provider
from gateway.identity.verifiers.group_lookup import GroupLookups
from gateway.identity.verifiers.id_token import IdTokenVerifier
from gateway.resilience.breaker import Breaker

# What logs and metrics call the provider, among the issuers.
NAME = "login_provider"


class ProviderServices:
    """One provider, with a circuit for each of its services."""

    def __init__(
        self, settings: LoginProvider, around: IdentityServices, stack: AsyncExitStack
    ) -> None:
        self._settings = settings
        # Its keys verify no access tokens: no verdict hangs on them.
        self._around = IdentityServices(around.flights, around.clocks, on_asked=around.on_asked)
        self._stack = stack
        self._sources: IssuerSources | None = None

    async def sources(self) -> IssuerSources:
        """The provider's keys and metadata."""
        if self._sources is None:
            fetcher = await self._fetcher(1)
            issuer = as_issuer(self._settings)
            built = build_sources(NAME, issuer, fetcher, self._around)
            self._sources = replace(built, needs_metadata=self._needs_metadata())
        return self._sources

    async def tokens(self) -> TokenEndpoint:
        """The token endpoint."""
        settings = self._settings
        return TokenEndpoint(
            settings,
            await self._provider("token"),
            ClientAuth(settings, settings.issuer),
            self.endpoint(settings.token_url, "token_endpoint"),
            self._around.clocks,
        )

    async def people(self) -> People:
        """What says who logged in."""
        settings, id_tokens = self._settings, None
        if settings.id_token:
            keys = (await self.sources()).keys
            id_tokens = IdTokenVerifier(as_issuer(settings), settings.client_id, keys)
        return People(settings, Sources(id_tokens, await self._userinfo(), await self._groups()))

    async def assertions(self) -> Callable[[str], AssertedPeople] | None:
        """What verifies the provider's assertions for an audience; None where none are taken."""
        settings = self._settings
        if not settings.identity_assertions:
            return None
        keys, groups = (await self.sources()).keys, await self._groups()

        def build(audience: str) -> AssertedPeople:
            return AssertedPeople(settings, audience, keys, groups)

        return build

    def endpoint(self, url: str | None, name: str) -> Endpoint:
        """One of the provider's endpoints: the configured one, else that of its metadata."""

        async def find() -> str:
            return url if url is not None else await (await self.sources()).endpoint(name)

        return find

    async def expected(self) -> ExpectedIssuer:
        """Who must answer."""
        if not self._needs_metadata():
            return ExpectedIssuer(self._settings.issuer)
        metadata = await (await self.sources()).current_metadata()
        said = metadata.document.get("authorization_response_iss_parameter_supported")
        return ExpectedIssuer(metadata.issuer, said is True)

    def _needs_metadata(self) -> bool:
        settings = self._settings
        needed = [settings.authorization_url, settings.token_url]
        if settings.userinfo is not None:
            needed.append(settings.userinfo.url)
        return None in needed

    async def _userinfo(self) -> UserinfoFacts | None:
        settings = self._settings.userinfo
        if settings is None:
            return None
        url = self.endpoint(settings.url, "userinfo_endpoint")
        subject = self._settings.claims.subject
        return UserinfoFacts(settings, await self._provider("userinfo"), url, subject)

    async def _groups(self) -> GroupLookups | None:
        lookup = self._settings.group_lookup
        if lookup is None:
            return None
        around, credentials = self._around, lookup.credentials
        auth = ClientAuth(credentials, self._settings.issuer)
        provider = await self._provider("token")
        own = OwnTokens(credentials, provider, auth, around.flights, around.clocks)

        async def token_for(principal: Principal) -> str:
            return await own.token(principal.claims)

        groups = await self._provider("groups")
        return GroupLookups(lookup, groups, token_for, around.flights, around.clocks)

    async def _provider(self, kind: Kind) -> Provider:
        around, timeout_s = self._around, self._settings.timeout
        fetcher = await self._fetcher(CONNECTIONS)
        breaker = Breaker(around.clocks)
        return Provider(NAME, kind, fetcher, breaker, timeout_s, around.on_asked)

    async def _fetcher(self, connections: int) -> Fetcher:
        settings = self._settings
        fetcher = Fetcher(
            ca_file=settings.ca_file,
            insecure_http=settings.insecure_http,
            timeout_s=settings.timeout,
            connections=connections,
        )
        return await self._stack.enter_async_context(fetcher)
