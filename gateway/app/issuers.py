"""Builds what knows the callers: every issuer and its services, a chain of checks per server."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

from gateway.app.verifiers import IssuerServices, Link, open_services
from gateway.config.complete import public_url
from gateway.config.issuer import Issuer
from gateway.config.model import Config, Server
from gateway.identity.api_key_file import ApiKeyEntry, parse_keys
from gateway.identity.api_key_verifier import ApiKeyVerifier
from gateway.identity.authenticate import Authenticator
from gateway.identity.cache import VerdictCache
from gateway.identity.fetch import Fetcher
from gateway.identity.local_issuer import LocalIssuer
from gateway.identity.sources import (
    IssuerSources,
    Surroundings,
    build_local_sources,
    build_sources,
)
from gateway.identity.watched_file import WatchedFile

ApiKeyFile = WatchedFile[Mapping[str, ApiKeyEntry]]
OnSaid = Callable[[Link, str], None]


def _unheard(link: Link, said: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Issuers:
    """Every configured issuer by name; `local` holds the embedded ones, `keys` the API keys."""

    services: Mapping[str, IssuerServices]
    local: Mapping[str, LocalIssuer]
    cache: VerdictCache
    keys: ApiKeyFile | None = None

    @property
    def sources(self) -> Mapping[str, IssuerSources]:
        """What is kept fresh about each issuer."""
        return {name: each.sources for name, each in self.services.items()}

    def chain(self, name: str, server: Server, config: Config) -> list[Link]:
        """The verifiers of one server: API keys, then issuers in the order of the file."""
        audiences = {server.resource, *server.auth.audiences}
        links: list[Link] = []
        if self.keys is not None and server.auth.api_keys:
            # First: a key is known by its prefix, and is then shown to nobody else.
            verifier = ApiKeyVerifier(self.keys, public_url(config, server), name)
            links.append(Link("api_keys", "api_key", verifier))
        for issuer in server.auth.issuers:
            links += self.services[issuer].verifiers(audiences)
        return links

    def authenticator(
        self, name: str, server: Server, config: Config, on_said: OnSaid = _unheard
    ) -> Authenticator:
        """Build what decides about the tokens of one server; `on_said` hears each verifier."""
        links = self.chain(name, server, config)
        asking = any(self.services[issuer].providers for issuer in server.auth.issuers)
        skews = [config.issuers[issuer].clock_skew for issuer in server.auth.issuers]
        return Authenticator(
            name,
            [each.verifier for each in links],
            self.cache,
            opaque=asking,
            clock_skew_s=max(skews, default=0.0),
            on_said=lambda place, said: on_said(links[place], said),
        )

    def metadata_of(self, name: str) -> Callable[[], Awaitable[Mapping[str, object]]]:
        """Give a way to the issuer's own metadata document; it raises `IdentityUnavailable`."""
        sources = self.services[name].sources

        async def current() -> Mapping[str, object]:
            if name in self.local:
                return self.local[name].metadata()
            return (await sources.current_metadata()).document

        return current


async def open_issuers(
    config: Config, around: Surroundings, cache: VerdictCache, stack: AsyncExitStack
) -> Issuers:
    """Build every issuer; connections to them close with `stack`.

    Raises `ConfigError` when the embedded issuer's key cannot be used.
    """
    local: dict[str, LocalIssuer] = {}
    services: dict[str, IssuerServices] = {}
    for name, issuer in config.issuers.items():
        if issuer.local:
            local[name] = LocalIssuer.load_or_create(config.state_dir, issuer.issuer)
            sources = build_local_sources(name, issuer, local[name], around)
        else:
            fetcher = await stack.enter_async_context(_fetcher(issuer))
            sources = build_sources(name, issuer, fetcher, around)
        services[name] = await open_services(name, issuer, sources, around, stack)
    return Issuers(services, local, cache, await _open_keys(config, cache))


async def _open_keys(config: Config, cache: VerdictCache) -> ApiKeyFile | None:
    if config.api_keys is None:
        return None

    def on_change(old: Mapping[str, ApiKeyEntry], new: Mapping[str, ApiKeyEntry]) -> None:
        cache.forget(lambda principal: principal.scheme == "api_key")

    keys: ApiKeyFile = WatchedFile(config.api_keys.file, parse_keys, {}, on_change)
    await keys.load()
    return keys


def _fetcher(issuer: Issuer) -> Fetcher:
    return Fetcher(ca_file=issuer.ca_file, insecure_http=issuer.insecure_http)
