"""Requests that a test sends through a pool, and answers as one gives them."""

import asyncio
from collections.abc import Sequence

from gateway.http.message_head import Field
from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.response import Delivery, ResponseHead, UpstreamResponse

BODY = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


def head(method: str = "POST", body: bytes = BODY) -> bytes:
    """A request head that announces this body."""
    return f"{method} /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()


async def post(pool: UpstreamPool, body: bytes = BODY) -> UpstreamResponse:
    """Send a POST."""
    return await pool.send(head(body=body), body)


async def read_all(response: UpstreamResponse) -> bytes:
    """Read a response to its clean end."""
    pieces = b"" if response.body is None else response.body
    while response.body is None and (piece := await response.read()):
        pieces += piece
    return pieces


def answered(
    headers: Sequence[Field] = (), status: int = 200, body: bytes | None = b""
) -> UpstreamResponse:
    """A response that has come whole; with a body of None its pieces are still to be fed."""
    response = UpstreamResponse(ResponseHead(status, headers), asyncio.Transport())
    response.body, response.complete = body, body is not None
    return response


def delivery(
    headers: Sequence[Field] = (),
    status: int = 200,
    body: bytes | None = b"",
    *,
    events: bool = False,
) -> Delivery:
    """The same as the gate gets it."""
    return Delivery(answered(headers, status, body), headers, events=events, legacy=False)
