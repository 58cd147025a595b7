"""Builds what is kept fresh about one issuer: its keys, and its metadata where it has any."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from gateway.config.issuer import Issuer
from gateway.errors import IdentityUnavailable
from gateway.identity.keys.discovery import DiscoveredKeys, MetadataLocation, RequestHeaders
from gateway.identity.keys.jwks import KeyFeed, KeyFile, KeySource
from gateway.identity.keys.local_issuer import LocalIssuer
from gateway.identity.principal import Principal
from gateway.identity.provider.bearer_file import BearerFile
from gateway.identity.provider.fetch import Fetcher
from gateway.identity.provider.provider import OnAsked
from gateway.oauth.server_metadata import ServerMetadata
from gateway.resilience.clocks import Clocks
from gateway.resilience.document import FetchedDocument, FetchFailed
from gateway.resilience.refreshed import Feed, Refreshed, Schedule
from gateway.resilience.single_flight import SingleFlight

FILE_POLL_S = 2.0  # one stat of the key file each time


@dataclass(frozen=True, slots=True)
class IdentityServices:
    """What every issuer's sources share.

    `on_fetch` is told the issuer's name and `ok` or `failed` after each fetch of keys;
    `on_removed` the thumbprints of keys that are trusted no longer, `on_ended` which principals'
    credential ended here.
    """

    flights: SingleFlight
    clocks: Clocks = field(default_factory=Clocks)
    on_fetch: Callable[[str, str], None] = field(default=lambda issuer, result: None)
    on_removed: Callable[[frozenset[str]], None] = field(default=lambda thumbprints: None)
    on_ended: Callable[[Callable[[Principal], bool]], None] = field(default=lambda concerns: None)
    on_asked: OnAsked = field(default=lambda name, kind, result: None)


@dataclass(frozen=True, slots=True)
class IssuerSources:
    """The keys of one issuer and its metadata; None when they come from a file or from here.

    `uses_keys` is False where all tokens are opaque; `needs_metadata` True where an endpoint
    that tokens are checked at is to be found there.
    """

    keys: KeySource
    metadata: Refreshed[ServerMetadata] | None = None
    uses_keys: bool = True
    needs_metadata: bool = False

    async def run(self) -> None:
        """Keep both fresh until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self.uses_keys:
                group.create_task(self.keys.run())
            if self.metadata is not None and (self.uses_keys or self.needs_metadata):
                group.create_task(self.metadata.run())

    async def fetch_first(self) -> None:
        """Fetch what tokens are checked with, once; a failure changes nothing."""
        if self.uses_keys:
            await self.keys.refresh()
        if self.needs_metadata and self.metadata is not None:
            await self.metadata.refresh()

    @property
    def missing(self) -> str:
        """What is not at hand although tokens cannot be checked without it; empty when ready."""
        if self.uses_keys and not self.keys.ready:
            return "no keys that are young enough"
        if self.needs_metadata and (self.metadata is None or self.metadata.value is None):
            return "no metadata document"
        return ""

    async def current_metadata(self) -> ServerMetadata:
        """The metadata. Raises `IdentityUnavailable` while there is none."""
        if self.metadata is None:
            raise IdentityUnavailable("This issuer has no metadata document.")
        if self.metadata.value is None:
            await self.metadata.refresh_if_cool()
        if self.metadata.value is None:
            raise IdentityUnavailable("The issuer's metadata cannot be fetched now.")
        return self.metadata.value

    async def endpoint(self, name: str) -> str:
        """The URL of one of the issuer's endpoints. Raises `IdentityUnavailable`."""
        metadata = await self.current_metadata()
        try:
            return metadata.endpoint(name)
        except ValueError as error:
            raise IdentityUnavailable("The issuer has no endpoint to ask.") from error


def build_sources(
    name: str, issuer: Issuer, fetcher: Fetcher, around: IdentityServices
) -> IssuerSources:
    """The sources of an issuer elsewhere, from its `jwks` section or its metadata document."""
    needs_metadata = _needs_metadata(issuer)
    if issuer.jwks.file is not None:
        keys = _silent(name, issuer, KeyFile(issuer.jwks.file), around)
        metadata = _build_metadata(name, issuer, fetcher, around) if needs_metadata else None
        return IssuerSources(keys, metadata, issuer.jwt, needs_metadata)
    metadata = _build_metadata(name, issuer, fetcher, around)
    headers = _request_headers(issuer)
    if issuer.jwks.url is not None:
        url = issuer.jwks.url
        keys = _keys(name, issuer, lambda: fetcher.get_json(url, headers()), around)
    else:
        discovered = DiscoveredKeys(fetcher, metadata, headers)
        keys = _keys(name, issuer, discovered.get_document, around)
    return IssuerSources(keys, metadata, issuer.jwt, needs_metadata)


def _needs_metadata(issuer: Issuer) -> bool:
    asked = (issuer.introspection, issuer.userinfo)
    return any(section is not None and section.url is None for section in asked)


def _request_headers(issuer: Issuer) -> RequestHeaders:
    if issuer.jwks.bearer_token_file is None:
        return dict
    bearer = BearerFile(issuer.jwks.bearer_token_file)

    def headers() -> Mapping[str, str]:
        try:
            return bearer.header()
        except IdentityUnavailable as error:
            raise FetchFailed(f"the token that the keys are asked for with: {error}") from error

    return headers


def build_local_sources(
    name: str, issuer: Issuer, local: LocalIssuer, around: IdentityServices
) -> IssuerSources:
    """The sources of the embedded issuer, whose keys are at hand."""
    return IssuerSources(_silent(name, issuer, local, around))


def _keys(
    name: str,
    issuer: Issuer,
    get_document: Callable[[], Awaitable[FetchedDocument]],
    around: IdentityServices,
) -> KeySource:
    feed = KeyFeed(
        name,
        get_document,
        issuer.algorithms,
        on_fetch=lambda result: around.on_fetch(name, result),
        on_removed=around.on_removed,
    )
    return KeySource(feed, issuer.jwks, around.flights, around.clocks)


def _silent(
    name: str, issuer: Issuer, keys: KeyFile | LocalIssuer, around: IdentityServices
) -> KeySource:
    settings = issuer.jwks.model_copy(update={"refresh": FILE_POLL_S, "cooldown": FILE_POLL_S})
    # Looking at a file every two seconds is no fetch that anybody wants counted.
    feed = KeyFeed(name, keys.get_document, issuer.algorithms, on_removed=around.on_removed)
    return KeySource(feed, settings, around.flights, around.clocks)


def _build_metadata(
    name: str, issuer: Issuer, fetcher: Fetcher, around: IdentityServices
) -> Refreshed[ServerMetadata]:
    location = MetadataLocation(fetcher, issuer.issuer, issuer.discovery_url)
    schedule = Schedule(issuer.jwks.refresh, issuer.jwks.cooldown)
    feed = Feed(f"{name} metadata", location.load, schedule)
    return Refreshed(feed, around.flights, around.clocks)
