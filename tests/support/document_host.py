"""A host that serves metadata documents of clients over TLS, and the clients that come from it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from gateway.authserver.clients.metadata_document import MetadataDocumentClients
from gateway.http.peer import Network
from gateway.identity.provider.address_guard import AddressGuard
from gateway.identity.provider.fetch import Fetcher
from gateway.oauth.client_id_metadata import MAX_DOCUMENT_BYTES
from gateway.resilience.single_flight import SingleFlight
from tests.support.certificates import make_certificate
from tests.support.issuer_service import IssuerService, Scene
from tests.support.name_service import NameService

NAME = "docs.example"
PATH = "/client.json"
LOOPBACK = ip_network("127.0.0.0/8")


@dataclass(frozen=True, slots=True)
class DocumentHost:
    """`names` says that `NAME` is at loopback, where `service` listens, unless a test says else."""

    service: IssuerService
    names: NameService
    clients: MetadataDocumentClients

    @property
    def client_id(self) -> str:
        return f"https://{NAME}:{self.service.port}{PATH}"

    def document(self, **members: object) -> dict[str, object]:
        """A good document, and what a test says of it; None leaves a member out."""
        document: dict[str, object] = {
            "client_id": self.client_id,
            "client_name": "Example Client",
            "redirect_uris": ["http://127.0.0.1/callback"],
            "token_endpoint_auth_method": "none",
        }
        document |= members
        return {name: value for name, value in document.items() if value is not None}

    def serve(self, body: object, status: int = 200, **headers: str) -> None:
        """Answer with this from now on."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.service.scenes[PATH] = Scene(body, status, named)


@asynccontextmanager
async def running_document_host(
    folder: Path, allowed: Sequence[Network] = (LOOPBACK,), timeout_s: float = 5.0
) -> AsyncIterator[DocumentHost]:
    """Serve a good document, with a fetcher that trusts the host and may ask `allowed`."""
    certificate = make_certificate(folder, NAME)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.cert_file, certificate.key_file)
    names = NameService({NAME: [["127.0.0.1"]]})
    guard = AddressGuard(tuple(allowed), lambda: names)
    async with (
        IssuerService(tls=tls) as service,
        Fetcher(
            ca_file=certificate.cert_file,
            timeout_s=timeout_s,
            max_bytes=MAX_DOCUMENT_BYTES,
            connections=4,
            guard=guard,
        ) as fetcher,
        asyncio.TaskGroup() as group,
    ):
        clients = MetadataDocumentClients(fetcher, SingleFlight(group), {})
        host = DocumentHost(service, names, clients)
        host.serve(host.document())
        yield host
