"""Requests that a test sends through a pool."""

from gateway.proxy.upstream.pool import UpstreamPool
from gateway.proxy.upstream.response import UpstreamResponse

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
