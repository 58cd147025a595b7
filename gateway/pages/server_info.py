"""What the root of a public host says about itself, to programs and to people."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape

from gateway.pages.brand import UNBRANDED, Brand
from gateway.pages.page import Page, block, build_page


@dataclass(frozen=True, slots=True)
class ServerSummary:
    """One server as the public may know it: nothing about its upstream or who may use it."""

    name: str
    title: str
    url: str
    resource_metadata: str
    authorization_servers: Sequence[str]
    scopes: Sequence[str]


def server_info(servers: Sequence[ServerSummary]) -> dict[str, object]:
    """The facts as JSON."""
    return {
        "name": "mcp-auth-gateway",
        "authentication": {"type": "oauth2", "bearer_methods_supported": ["header"]},
        "servers": [asdict(server) for server in servers],
    }


def server_info_page(servers: Sequence[ServerSummary], brand: Brand = UNBRANDED) -> Page:
    """The same as a page."""
    cards = "\n".join(_card(server) for server in servers)
    noun = "server" if len(servers) == 1 else "servers"
    body = (
        f"<h1>{len(servers)} MCP {noun} behind one login</h1>\n"
        "<p>Add an address to your AI client; it finds the login by itself.</p>\n" + cards
    )
    return build_page("MCP servers", body, brand)


def _card(server: ServerSummary) -> str:
    title = f"<bdi>{escape(server.title)}</bdi>"
    issuers = ", ".join(escape(issuer) for issuer in server.authorization_servers)
    return (
        f"<h2>{title}</h2>\n{block(server.url, f'Address of {server.title}')}\n"
        f'<p>Login at {issuers}. <a href="{escape(server.resource_metadata)}">Metadata of {title}'
        "</a></p>"
    )
