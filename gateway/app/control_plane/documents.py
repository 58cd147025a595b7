"""The documents that anybody may read: discovery metadata, health, server information."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from gateway.app.control_plane.application import response_of, route_path
from gateway.http.cors import PUBLIC_DOCUMENT
from gateway.http.message_head import Field
from gateway.http.reply import JSON, NO_STORE, Reply

_SHORT_LIVED: Field = (b"Cache-Control", b"public, max-age=300")
_VARY_ACCEPT: Field = (b"Vary", b"Accept")
_HTML: Field = (b"Content-Type", b"text/html; charset=utf-8")
_PREFLIGHT = Reply(
    204,
    [
        *PUBLIC_DOCUMENT,
        (b"Access-Control-Allow-Methods", b"GET, HEAD"),
        (b"Access-Control-Allow-Headers", b"MCP-Protocol-Version"),
    ],
)
Fetch = Callable[[], Awaitable[Mapping[str, object]]]


def add_document(app: web.Application, path: str, read: Handler) -> None:
    """Let anybody read a document, pages of other origins too."""
    decoded = route_path(app, path)
    app.router.add_get(decoded, read)
    app.router.add_options(decoded, _preflight)


def fixed_document(document: Mapping[str, object], *, cached: bool = True) -> Handler:
    """Serve one JSON document that is known at start."""
    caching = _SHORT_LIVED if cached else NO_STORE
    reply = Reply(200, [JSON, caching, *PUBLIC_DOCUMENT], msgspec.json.encode(document))

    async def read(request: web.Request) -> web.Response:
        return response_of(reply)

    return read


def current_document(read_now: Callable[[], Mapping[str, object]]) -> Handler:
    """Serve one JSON document as it is at each request."""

    async def read(request: web.Request) -> web.Response:
        document = msgspec.json.encode(read_now())
        return response_of(Reply(200, [JSON, _SHORT_LIVED, *PUBLIC_DOCUMENT], document))

    return read


def fetched_document(fetch: Fetch) -> Handler:
    """Serve an issuer's own metadata, for clients that look for it here.

    (MCP 2025-03-26, authorization: metadata at the server's own origin.) `fetch` raises
    `IdentityUnavailable` while there is none.
    """

    async def read(request: web.Request) -> web.Response:
        document = msgspec.json.encode(await fetch())
        return response_of(Reply(200, [JSON, _SHORT_LIVED, *PUBLIC_DOCUMENT], document))

    return read


def page_or_document(document: Mapping[str, object], html: str, policy: str) -> Handler:
    """Serve a page to a browser and the same facts as JSON to everybody else."""
    as_json = Reply(
        200, [JSON, _SHORT_LIVED, _VARY_ACCEPT, *PUBLIC_DOCUMENT], msgspec.json.encode(document)
    )
    csp: Field = (b"Content-Security-Policy", policy.encode())
    as_page = Reply(200, [_HTML, _SHORT_LIVED, _VARY_ACCEPT, csp], html.encode())

    async def read(request: web.Request) -> web.Response:
        browser = "text/html" in request.headers.get("Accept", "")
        return response_of(as_page if browser else as_json)

    return read


async def _preflight(request: web.Request) -> web.Response:
    return response_of(_PREFLIGHT)
