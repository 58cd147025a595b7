"""Builds the verifiers of one issuer: for JWTs with its keys, for the rest by asking it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from gateway.app.generation.providers import open_provider
from gateway.config.issuer import GroupLookup, Issuer
from gateway.identity.keys.sources import IdentityServices, IssuerSources
from gateway.identity.principal import Principal
from gateway.identity.provider.bearer_file import BearerFile
from gateway.identity.provider.client_auth import ClientAuth
from gateway.identity.provider.own_tokens import OwnTokens
from gateway.identity.provider.provider import Kind, Provider
from gateway.identity.verifier import Verifier
from gateway.identity.verifiers.group_lookup import GroupLookups, OwnToken
from gateway.identity.verifiers.introspection import IntrospectionVerifier
from gateway.identity.verifiers.jwt import JwtVerifier
from gateway.identity.verifiers.token_review import TokenReviewVerifier
from gateway.identity.verifiers.userinfo import UserinfoVerifier
from gateway.observability.audit.outcome import Scheme


@dataclass(frozen=True, slots=True)
class Link:
    """One verifier of a server's chain; `source` is the issuer's name, or `api_keys`."""

    source: str
    scheme: Scheme
    verifier: Verifier


@dataclass(frozen=True, slots=True)
class IssuerServices:
    """What the verifiers of one issuer share, whichever server they work for."""

    name: str
    issuer: Issuer
    sources: IssuerSources
    around: IdentityServices
    providers: Mapping[Kind, Provider]
    groups: GroupLookups | None = None

    def verifiers(self, audiences: Iterable[str]) -> list[Link]:
        """The verifiers for one server. Raises `ConfigError` for a client that cannot be one."""
        accepted = frozenset(audiences)
        found: list[tuple[Scheme, Verifier]] = []
        if self.issuer.jwt:
            keys = self.sources.keys
            found.append(("jwt", JwtVerifier(self.issuer, accepted, keys, self.groups)))
        found += self._asking(accepted)
        return [Link(self.name, scheme, verifier) for scheme, verifier in found]

    def _asking(self, accepted: frozenset[str]) -> Iterable[tuple[Scheme, Verifier]]:
        issuer = self.issuer
        if issuer.introspection is not None:
            yield (
                "introspection",
                IntrospectionVerifier(
                    issuer,
                    accepted,
                    self.providers["introspection"],
                    ClientAuth(issuer.introspection, issuer.issuer),
                    self._endpoint(issuer.introspection.url, "introspection_endpoint"),
                    self.around.clocks,
                ),
            )
        if issuer.token_review is not None:
            bearer = BearerFile(issuer.token_review.bearer_token_file)
            reviewer = TokenReviewVerifier(issuer, accepted, self.providers["token_review"], bearer)
            yield "token_review", reviewer
        if issuer.userinfo is not None:
            endpoint = self._endpoint(issuer.userinfo.url, "userinfo_endpoint")
            provider = self.providers["userinfo"]
            yield "userinfo", UserinfoVerifier(issuer, accepted, provider, endpoint)

    def _endpoint(self, url: str | None, name: str) -> Callable[[], Awaitable[str]]:
        async def configured() -> str:
            return url if url is not None else await self.sources.endpoint(name)

        return configured


async def open_services(
    name: str,
    issuer: Issuer,
    sources: IssuerSources,
    around: IdentityServices,
    stack: AsyncExitStack,
) -> IssuerServices:
    """Build what one issuer's verifiers share; connections close with `stack`."""
    providers = {
        kind: await open_provider(name, kind, timeout_s, around, stack, issuer)
        for kind, timeout_s in _asked(issuer)
    }
    groups = None
    if issuer.group_lookup is not None:
        own = _own_tokens(issuer, issuer.group_lookup, providers["token"], around)
        groups = GroupLookups(
            issuer.group_lookup, providers["groups"], own, around.flights, around.clocks
        )
    return IssuerServices(name, issuer, sources, around, providers, groups)


def _asked(issuer: Issuer) -> Iterable[tuple[Kind, float]]:
    if issuer.introspection is not None:
        yield "introspection", issuer.introspection.timeout
    if issuer.userinfo is not None:
        yield "userinfo", issuer.userinfo.timeout
    if issuer.token_review is not None:
        yield "token_review", issuer.token_review.timeout
    if issuer.group_lookup is not None:
        yield "groups", issuer.group_lookup.timeout
        yield "token", issuer.group_lookup.timeout


def _own_tokens(
    issuer: Issuer, lookup: GroupLookup, provider: Provider, around: IdentityServices
) -> OwnToken:
    auth = ClientAuth(lookup.credentials, issuer.issuer)
    tokens = OwnTokens(lookup.credentials, provider, auth, around.flights, around.clocks)

    async def token_for(principal: Principal) -> str:
        return await tokens.token(principal.claims)

    return token_for
