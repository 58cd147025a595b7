"""A gateway that logs people in, and every kind of client that it can know."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.support.certificates import make_certificate
from tests.support.issuer_service import IssuerService, Scene
from tests.support.login_gateway import login_gateway

# How a client that people use becomes known: by registration, by a document, by configuration.
Way = Literal["dynamic", "document", "configured"]
CONFIGURED = "host"
ROBOT = "robot"  # logs in for itself
SECRET = "of-the-robot-and-nobody-else"  # noqa: S105  # an example
REDIRECT_URIS = [
    f"http://{host}{path}"
    for host in ("127.0.0.1", "localhost")
    for path in ("/callback", "/oauth/callback")
]
_CLIENTS = {
    CONFIGURED: {"redirect_uris": REDIRECT_URIS},
    ROBOT: {"client_secret": SECRET, "grants": ["client_credentials"]},
}
_PATH = "/client.json"


@dataclass(frozen=True, slots=True)
class LoginPlace:
    """`url` is the MCP server's, `document` that of a client's metadata document at `host`."""

    url: str
    issuer: str
    document: str
    host: IssuerService

    def serve(self, **members: object) -> None:
        """Change what the document says."""
        told = {"client_id": self.document, "client_name": "Host", "redirect_uris": REDIRECT_URIS}
        self.host.scenes[_PATH] = Scene(told | {"token_endpoint_auth_method": "none"} | members)

    def knows(self, way: Way, seen: Mapping[str, Any]) -> bool:
        """Whether the MCP server learnt who ada is, and which client she came with."""
        client_id = seen["x-client-id"]
        match way:
            case "dynamic":
                fits = client_id not in (self.document, CONFIGURED)
            case "document":
                fits = client_id == self.document
            case "configured":
                fits = client_id == CONFIGURED
        return fits and seen["x-user-id"] == "ada"


@asynccontextmanager
async def login_place(port: int, upstream: str, folder: Path) -> AsyncIterator[LoginPlace]:
    """Run the gateway, and a host of a document that it may fetch."""
    certificate = make_certificate(folder, "localhost")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate.cert_file, certificate.key_file)
    documents = {"networks": ["127.0.0.0/8", "::1/128"], "ca_file": str(certificate.cert_file)}
    more = f", clients: {json.dumps(_CLIENTS)}, client_documents: {json.dumps(documents)}"
    more += ", device_login: true"
    async with IssuerService(tls=tls) as host, login_gateway(port, upstream, more):
        document = f"https://localhost:{host.port}{_PATH}"
        issuer = f"http://127.0.0.1:{port}"
        place = LoginPlace(f"{issuer}/mcp", issuer, document, host)
        place.serve()
        yield place
