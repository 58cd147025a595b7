"""Builds what is kept fresh about one issuer: its keys, and its metadata where it has any."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gateway.config.model import Issuer, Jwks
from gateway.identity.clocks import Clocks
from gateway.identity.discovery import DiscoveredKeys, MetadataLocation
from gateway.identity.document import FetchedDocument
from gateway.identity.fetch import Fetcher
from gateway.identity.flights import Flights
from gateway.identity.jwks import KeyFeed, KeyFile, KeySource
from gateway.identity.local_issuer import LocalIssuer
from gateway.identity.refreshed import Feed, Refreshed, Schedule
from gateway.oauth.server_metadata import ServerMetadata

FILE_POLL_S = 2.0  # one stat of the key file each time


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every issuer's sources share.

    `on_fetch` is told the issuer's name and `ok` or `failed` after each fetch of keys;
    `on_removed` that some key is trusted no longer.
    """

    flights: Flights
    clocks: Clocks = field(default_factory=Clocks)
    on_fetch: Callable[[str, str], None] = field(default=lambda issuer, result: None)
    on_removed: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True, slots=True)
class IssuerSources:
    """The keys of one issuer and its metadata; None when they come from a file or from here."""

    keys: KeySource
    metadata: Refreshed[ServerMetadata] | None = None

    async def run(self) -> None:
        """Keep both fresh until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.keys.run())
            if self.metadata is not None:
                group.create_task(self.metadata.run())


def build_sources(
    name: str, issuer: Issuer, fetcher: Fetcher, around: Surroundings
) -> IssuerSources:
    """The sources of an issuer elsewhere, from its `jwks` section or its metadata document."""
    if issuer.jwks.file is not None:
        settings = issuer.jwks.model_copy(update={"refresh": FILE_POLL_S, "cooldown": FILE_POLL_S})
        return IssuerSources(_silent(name, issuer, KeyFile(issuer.jwks.file), settings, around))
    metadata = _build_metadata(name, issuer, fetcher, around)
    if issuer.jwks.url is not None:
        url = issuer.jwks.url
        keys = _keys(name, issuer, lambda: fetcher.get_json(url), around)
    else:
        keys = _keys(name, issuer, DiscoveredKeys(fetcher, metadata).get_document, around)
    return IssuerSources(keys, metadata)


def build_local_sources(
    name: str, issuer: Issuer, local: LocalIssuer, around: Surroundings
) -> IssuerSources:
    """The sources of the embedded issuer, whose only key is at hand."""
    return IssuerSources(_silent(name, issuer, local, issuer.jwks, around))


def _keys(
    name: str,
    issuer: Issuer,
    get_document: Callable[[], Awaitable[FetchedDocument]],
    around: Surroundings,
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
    name: str, issuer: Issuer, keys: KeyFile | LocalIssuer, settings: Jwks, around: Surroundings
) -> KeySource:
    # Looking at a file every two seconds is no fetch that anybody wants counted.
    feed = KeyFeed(name, keys.get_document, issuer.algorithms, on_removed=around.on_removed)
    return KeySource(feed, settings, around.flights, around.clocks)


def _build_metadata(
    name: str, issuer: Issuer, fetcher: Fetcher, around: Surroundings
) -> Refreshed[ServerMetadata]:
    location = MetadataLocation(fetcher, issuer.issuer, issuer.discovery_url)
    schedule = Schedule(issuer.jwks.refresh, issuer.jwks.cooldown)
    feed = Feed(f"{name} metadata", location.load, schedule)
    return Refreshed(feed, around.flights, around.clocks)
