"""Builds what knows the callers: every issuer and its services, a chain of checks per server."""

from collections.abc import Awaitable, Callable, Mapping, Set
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.app.generation.verifiers import IssuerServices, open_services
from gateway.config.issuer import Issuer
from gateway.config.model import Config
from gateway.identity.api_keys.api_key import key_id
from gateway.identity.api_keys.api_key_file import ApiKeyEntry, parse_keys
from gateway.identity.keys.local_issuer import LocalIssuer
from gateway.identity.keys.sources import (
    IdentityServices,
    IssuerSources,
    build_local_sources,
    build_sources,
)
from gateway.identity.principal import Principal
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.reasons import refused
from gateway.identity.verdict.cache import VerdictCache
from gateway.resilience.watched_file import WatchedFile

ApiKeyFile = WatchedFile[Mapping[str, ApiKeyEntry]]


@dataclass(frozen=True, slots=True)
class Issuers:
    """Every configured issuer by name; `local` holds the embedded ones, `keys` the API keys.

    `key_ids` are those of the keys that are in the file now.
    """

    services: Mapping[str, IssuerServices]
    local: Mapping[str, LocalIssuer]
    cache: VerdictCache
    keys: ApiKeyFile | None = None
    key_ids: Set[str] = frozenset()

    @property
    def sources(self) -> Mapping[str, IssuerSources]:
        """What is kept fresh about each issuer."""
        return {name: each.sources for name, each in self.services.items()}

    def check_credential(self, principal: Principal) -> None:
        """Raise `InvalidToken` when the key behind a verdict has been taken away since."""
        if principal.scheme == "api_key":
            if principal.token_id not in self.key_ids:
                raise refused("revoked")
        elif principal.signing_key is not None:
            sources = (each.sources.keys for each in self.services.values())
            if not any(each.trusts(principal.signing_key) for each in sources):
                raise refused("unknown_key")

    def metadata_of(self, name: str) -> Callable[[], Awaitable[Mapping[str, object]]]:
        """Give a way to the issuer's own metadata document; it raises `IdentityUnavailable`."""
        sources = self.services[name].sources

        async def current() -> Mapping[str, object]:
            if name in self.local:
                return self.local[name].metadata()
            return (await sources.current_metadata()).document

        return current


async def open_issuers(
    config: Config, around: IdentityServices, cache: VerdictCache, stack: AsyncExitStack
) -> Issuers:
    """Build every issuer; connections to them close with `stack`.

    Raises `ConfigError` when the embedded issuer's key cannot be used.
    """
    local: dict[str, LocalIssuer] = {}
    services: dict[str, IssuerServices] = {}
    for name, issuer in config.issuers.items():
        if issuer.local:
            local[name] = LocalIssuer.load_or_create(
                config.state_dir, issuer.issuer, config.issuer_keys, around.clocks
            )
            sources = build_local_sources(name, issuer, local[name], around)
        else:
            fetcher = await stack.enter_async_context(_fetcher(issuer))
            sources = build_sources(name, issuer, fetcher, around)
        services[name] = await open_services(name, issuer, sources, around, stack)
    key_ids: set[str] = set()
    keys = None
    if config.api_keys is not None:
        keys = await _open_keys(config.api_keys.file, around, key_ids)
    return Issuers(services, local, cache, keys, key_ids)


async def _open_keys(path: Path, around: IdentityServices, key_ids: set[str]) -> ApiKeyFile:
    def on_change(old: Mapping[str, ApiKeyEntry], new: Mapping[str, ApiKeyEntry]) -> None:
        key_ids.clear()
        key_ids.update(map(key_id, new))
        ended = {key_id(each) for each, entry in old.items() if new.get(each) != entry}
        around.on_ended(lambda who: who.scheme == "api_key" and who.token_id in ended)

    keys: ApiKeyFile = WatchedFile(path, parse_keys, {}, on_change)
    await keys.load()
    return keys


def _fetcher(issuer: Issuer) -> Fetcher:
    return Fetcher(ca_file=issuer.ca_file, insecure_http=issuer.insecure_http)
