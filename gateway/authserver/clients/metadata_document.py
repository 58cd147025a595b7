"""Clients whose id is the URL of a document about them, which is fetched when they log in.

A copy is kept for a bounded time. The last good one bridges a host that is away; it never
stands against a host that says that the document is gone or another.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from cachetools import LRUCache

from gateway.authserver.clients.client import Client
from gateway.authserver.clients.document_fetch import (
    MAX_AT_ONCE,
    DocumentRefused,
    DocumentUnavailable,
    fetch_document,
)
from gateway.identity.provider.fetch import Fetcher
from gateway.oauth.client_id_metadata import is_client_id_url, parse_client_id_url
from gateway.oauth.errors import InvalidClient
from gateway.oauth.registration import GRANTS_OF_DEVICES
from gateway.policy.limit import Concurrency, RateLimit
from gateway.resilience.single_flight import SingleFlight

logger = logging.getLogger(__name__)

FRESH_S = 3600.0  # where the host does not say
MIN_FRESH_S, MAX_FRESH_S = 300.0, 86400.0
BRIDGED_S = 7 * 86400.0
RETRY_S = 60.0
MAX_COPIES = 1000
# Of one host: whoever names URLs at random shall not have the gateway flood somebody, and a host
# that is slow shall not take the places of all others.
_PER_HOST = (30, 60.0)
_AT_ONCE_PER_HOST = 4
_EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class DocumentCopy:
    """What a document said, until when it needs no look and until when it may bridge."""

    client: Client
    fresh_until: float
    good_until: float
    is_bridging: bool = False


class MetadataDocumentClients:
    """Finds clients by their documents; `pinned` are those of the operator, never fetched.

    Without a `fetcher` there are no others. Errors are not remembered, as the draft wants
    (§5.1); how often one host is asked is limited instead.
    """

    def __init__(
        self, fetcher: Fetcher | None, flights: SingleFlight, pinned: Mapping[str, Client]
    ) -> None:
        self._fetcher = fetcher
        self._flights = flights
        self._pinned = pinned
        self._copies: LRUCache[str, DocumentCopy] = LRUCache(MAX_COPIES)
        self._at_once = Concurrency(MAX_AT_ONCE)
        self._at_once_of_host = Concurrency(_AT_ONCE_PER_HOST)
        self._of_host = RateLimit(*_PER_HOST)

    @property
    def is_offered(self) -> bool:
        """Whether clients should be told that they may come with a document."""
        return self._fetcher is not None or bool(self._pinned)

    async def find_client(self, client_id: str, now: float) -> Client | None:
        """The client by its document; None for an id that is no URL.

        Raises `InvalidClient`; its subclass `DocumentUnavailable` when trying again may help.
        """
        if not is_client_id_url(client_id):
            return None
        host = parse_client_id_url(client_id)
        if client_id in self._pinned:
            return self._pinned[client_id]
        copy = self._copies.get(client_id)
        if copy is not None and now < copy.fresh_until:
            return copy.client
        fetcher = self._checked_fetcher()
        try:
            # Whoever asks for the same document meanwhile waits for the same fetch.
            return await self._flights.join(
                (self, client_id), partial(self._fetch, fetcher, client_id, host, now)
            )
        except DocumentUnavailable as error:
            return self._bridge(client_id, error, now)

    async def recall_client(self, client_id: str, now: float) -> Client | None:
        """The client that logged in here before: nothing is fetched.

        After a restart no more is known than its id. That is enough, as a public client proves
        nothing; its redirect URI and grants were checked when the code was issued.
        """
        if not is_client_id_url(client_id):
            return None
        host = parse_client_id_url(client_id)
        if client_id in self._pinned:
            return self._pinned[client_id]
        copy = self._copies.get(client_id)
        if copy is not None:
            return copy.client
        self._checked_fetcher()
        grants = frozenset(GRANTS_OF_DEVICES)
        return Client(client_id, "metadata_document", grant_types=grants, verified_host=host)

    def _checked_fetcher(self) -> Fetcher:
        if self._fetcher is None:
            raise InvalidClient(
                "Metadata documents are not fetched here, and this one is not pinned.",
                reason="client_document_not_pinned",
            )
        return self._fetcher

    async def _fetch(self, fetcher: Fetcher, client_id: str, host: str, now: float) -> Client:
        try:
            with self._place(host, now):
                client, max_age_s = await fetch_document(fetcher, client_id)
        except DocumentRefused:
            self._copies.pop(client_id, None)
            raise
        fresh_s = FRESH_S if max_age_s is None else max_age_s
        fresh_until = now + min(max(fresh_s, MIN_FRESH_S), MAX_FRESH_S)
        self._copies[client_id] = DocumentCopy(client, fresh_until, now + BRIDGED_S)
        return client

    @contextmanager
    def _place(self, host: str, now: float) -> Iterator[None]:
        """Count a fetch as under way. Raises `DocumentUnavailable` when too many are."""
        places = ((self._at_once_of_host, host), (self._at_once, _EVERYBODY))
        with ExitStack() as taken:
            for places_of, key in places:
                if not places_of.enter(key):
                    raise _busy()
                taken.callback(places_of.leave, key)
            if self._of_host.take(host, now) > 0:
                raise _busy()
            yield

    def _bridge(self, client_id: str, error: DocumentUnavailable, now: float) -> Client:
        copy = self._copies.get(client_id)
        if copy is None or now >= copy.good_until:
            raise error
        if not copy.is_bridging:  # once per outage
            logger.warning(
                "client metadata document not had, the last good copy counts on",
                extra={"client": client_id, "error": error.description},
            )
        self._copies[client_id] = replace(copy, fresh_until=now + RETRY_S, is_bridging=True)
        return copy.client


def _busy() -> DocumentUnavailable:
    return DocumentUnavailable(
        "Too many metadata documents are asked for now.", reason="client_document_busy"
    )
