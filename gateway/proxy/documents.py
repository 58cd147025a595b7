"""The documents that anybody may read: discovery metadata, health, server information."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from gateway.errors import MethodNotAllowed
from gateway.http.cors import PUBLIC_DOCUMENT
from gateway.http.head import Head
from gateway.http.message_head import Field
from gateway.http.reply import JSON, NO_STORE, Reply
from gateway.proxy.gate.route import Answer

_SHORT_LIVED: Field = (b"Cache-Control", b"public, max-age=300")
_VARY_ACCEPT: Field = (b"Vary", b"Accept")
_HTML: Field = (b"Content-Type", b"text/html; charset=utf-8")
Fetch = Callable[[], Awaitable[Mapping[str, object]]]


def fixed_document(document: Mapping[str, object], *, cached: bool = True) -> Answer:
    """Serve one JSON document that is known at start."""
    caching = _SHORT_LIVED if cached else NO_STORE
    reply = Reply(200, [JSON, caching, *PUBLIC_DOCUMENT], msgspec.json.encode(document))

    async def answer(head: Head) -> Reply:
        return _answer(head, reply)

    return answer


def current_document(read: Callable[[], Mapping[str, object]]) -> Answer:
    """Serve one JSON document as it is at each request."""

    async def answer(head: Head) -> Reply:
        document = msgspec.json.encode(read())
        return _answer(head, Reply(200, [JSON, _SHORT_LIVED, *PUBLIC_DOCUMENT], document))

    return answer


def fetched_document(fetch: Fetch) -> Answer:
    """Serve an issuer's own metadata, for clients that look for it here.

    (MCP 2025-03-26, authorization: metadata at the server's own origin.) `fetch` raises
    `IdentityUnavailable` while there is none.
    """

    async def answer(head: Head) -> Reply:
        document = msgspec.json.encode(await fetch())
        return _answer(head, Reply(200, [JSON, _SHORT_LIVED, *PUBLIC_DOCUMENT], document))

    return answer


def page_or_document(document: Mapping[str, object], html: str, policy: str) -> Answer:
    """Serve a page to a browser and the same facts as JSON to everybody else."""
    as_json = Reply(
        200, [JSON, _SHORT_LIVED, _VARY_ACCEPT, *PUBLIC_DOCUMENT], msgspec.json.encode(document)
    )
    csp: Field = (b"Content-Security-Policy", policy.encode())
    as_page = Reply(200, [_HTML, _SHORT_LIVED, _VARY_ACCEPT, csp], html.encode())

    async def answer(head: Head) -> Reply:
        browser = "text/html" in head.headers.get("Accept", "")
        return _answer(head, as_page if browser else as_json)

    return answer


def _answer(head: Head, reply: Reply) -> Reply:
    if head.method in ("GET", "HEAD"):
        return reply
    if head.method == "OPTIONS":
        allow: Field = (b"Access-Control-Allow-Methods", b"GET, HEAD")
        names: Field = (b"Access-Control-Allow-Headers", b"MCP-Protocol-Version")
        return Reply(204, [*PUBLIC_DOCUMENT, allow, names])
    raise MethodNotAllowed("This document can only be read.", allow="GET, HEAD, OPTIONS")
