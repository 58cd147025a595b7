"""Opens what finds clients by their metadata documents."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.authserver.clients.document_fetch import build_document_fetcher
from gateway.authserver.clients.metadata_document import MetadataDocumentClients
from gateway.authserver.clients.pinned_documents import read_pinned_documents
from gateway.config.authorization_server import ClientDocuments
from gateway.resilience.single_flight import SingleFlight


@asynccontextmanager
async def open_document_clients(
    settings: ClientDocuments, flights: SingleFlight
) -> AsyncIterator[MetadataDocumentClients]:
    """Find clients as configured; connections to hosts of documents close at the end.

    Raises `ConfigError` for files that cannot be used.
    """
    pinned = read_pinned_documents(settings.pinned)
    async with AsyncExitStack() as stack:
        fetcher = None
        if settings.fetch:
            fetcher = build_document_fetcher(settings.ca_file, settings.networks)
            await stack.enter_async_context(fetcher)
        yield MetadataDocumentClients(fetcher, flights, pinned)
