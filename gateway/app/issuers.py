"""Builds what knows the callers: every issuer's keys, and a chain of verifiers per server."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from gateway.config.model import Config, Issuer, Server
from gateway.errors import IdentityUnavailable
from gateway.identity.authenticate import Authenticator
from gateway.identity.cache import VerdictCache
from gateway.identity.fetch import Fetcher
from gateway.identity.jwt import JwtVerifier
from gateway.identity.local_issuer import LocalIssuer
from gateway.identity.sources import (
    IssuerSources,
    Surroundings,
    build_local_sources,
    build_sources,
)


@dataclass(frozen=True, slots=True)
class Issuers:
    """Every configured issuer by name; `local` holds the embedded ones."""

    sources: Mapping[str, IssuerSources]
    local: Mapping[str, LocalIssuer]
    cache: VerdictCache

    def authenticator(self, name: str, server: Server, config: Config) -> Authenticator:
        """Build the chain of one server, in the order of its configuration."""
        audiences = {server.resource, *server.auth.audiences}
        verifiers = [
            JwtVerifier(config.issuers[issuer], audiences, self.sources[issuer].keys)
            for issuer in server.auth.issuers
        ]
        return Authenticator(name, verifiers, self.cache)

    def metadata_of(self, name: str) -> Callable[[], Awaitable[Mapping[str, object]]]:
        """Give a way to the issuer's own metadata document; it raises `IdentityUnavailable`."""
        sources = self.sources[name]

        async def current() -> Mapping[str, object]:
            if name in self.local:
                return self.local[name].metadata()
            if sources.metadata is None:
                raise IdentityUnavailable("This issuer has no metadata document.")
            if sources.metadata.value is None:
                await sources.metadata.refresh_if_cool()
            if sources.metadata.value is None:
                raise IdentityUnavailable("The issuer's metadata cannot be fetched now.")
            return sources.metadata.value.document

        return current


async def open_issuers(
    config: Config, around: Surroundings, cache: VerdictCache, stack: AsyncExitStack
) -> Issuers:
    """Build every issuer; connections to them close with `stack`.

    Raises `ConfigError` when the embedded issuer's key cannot be used.
    """
    local: dict[str, LocalIssuer] = {}
    sources: dict[str, IssuerSources] = {}
    for name, issuer in config.issuers.items():
        if issuer.local:
            local[name] = LocalIssuer.load_or_create(config.state_dir, issuer.issuer)
            sources[name] = build_local_sources(name, issuer, local[name], around)
        else:
            fetcher = await stack.enter_async_context(_fetcher(issuer))
            sources[name] = build_sources(name, issuer, fetcher, around)
    return Issuers(sources, local, cache)


def _fetcher(issuer: Issuer) -> Fetcher:
    return Fetcher(ca_file=issuer.ca_file, insecure_http=issuer.insecure_http)
