"""What a browser page may do with a server: Fetch standard, CORS; MCP transports, Origin."""

import re
from collections.abc import Sequence

from gateway.errors import ForeignOrigin
from gateway.http.head import Head
from gateway.http.message_head import Field
from gateway.http.reply import Reply

_ASKABLE = re.compile(
    r"(?:accept|authorization|content-type|dpop|last-event-id|traceparent|mcp-[a-z0-9-]+)",
    re.IGNORECASE,
)
_EXPOSED: Field = (
    b"Access-Control-Expose-Headers",
    b"WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After, X-Request-Id,"
    b" DPoP-Nonce",
)
_VARY: Field = (b"Vary", b"Origin")
MCP_METHODS = "GET, POST, DELETE, OPTIONS"

PUBLIC_DOCUMENT: list[Field] = [(b"Access-Control-Allow-Origin", b"*")]


def check_origin(head: Head, origins: frozenset[str]) -> list[Field]:
    """Judge the Origin and return the headers that let an allowed page read the answer.

    Raises `ForeignOrigin`; a request without Origin comes from no browser page and passes.
    """
    sent = head.headers.getall("Origin", ())
    if not sent:
        return []
    if len(sent) > 1 or sent[0] not in origins:
        raise ForeignOrigin("Pages of this origin are not allowed here.")
    return [(b"Access-Control-Allow-Origin", sent[0].encode()), _VARY, _EXPOSED]


def preflight(head: Head, allowed: Sequence[Field]) -> Reply:
    """Answer OPTIONS: what the page may send; without Origin just the methods."""
    if not allowed:
        return Reply(204, [(b"Allow", MCP_METHODS.encode())])
    asked = head.headers.get("Access-Control-Request-Headers", "").split(",")
    granted = ", ".join(name.strip() for name in asked if _ASKABLE.fullmatch(name.strip()))
    return Reply(
        204,
        [
            *allowed,
            (b"Access-Control-Allow-Methods", MCP_METHODS.encode()),
            (b"Access-Control-Allow-Headers", granted.encode()),
            (b"Access-Control-Max-Age", b"7200"),
        ],
    )
