"""The one place where responses are put on the wire."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from aiohttp.abc import AbstractStreamWriter
from aiohttp.web import BaseRequest, StreamResponse

from gateway.errors import (
    AccessDenied,
    GatewayError,
    InsufficientScope,
    MethodNotAllowed,
    RateLimited,
)
from gateway.http.message_head import Field, build_head, field_lines

Header = Field

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}".encode() for status in HTTPStatus
}
JSON: Header = (b"Content-Type", b"application/json")
NO_STORE: Header = (b"Cache-Control", b"no-store")
_BODILESS = frozenset({204, 304})  # RFC 9110 §6.4.1
# Nothing that is ours or passes is to be read as a page because of how its bytes look.
_IN_EVERY_HEAD = [field_lines([(b"X-Content-Type-Options", b"nosniff")])]
_CHUNKED: Header = (b"Transfer-Encoding", b"chunked")
_CLOSE: Header = (b"Connection", b"close")
# What is put on the wire before it is seen whether the client reads.
PIECE_BYTES = 16 * 1024
# Documents and pages of the gateway's own are small; only a server's answers need its setting.
_WRITE_STALL_S = 60.0


class ClientStalled(ConnectionResetError):
    """The client has not read for so long that its connection was aborted."""


class HeadTooLarge(GatewayError):
    """RFC 6585 §5: raised for the parser's own limits only."""

    status = 431
    code = "head_too_large"
    jsonrpc_code = -32600
    default_reason = "bad_http"


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A whole response: `body` is complete, so its length is known."""

    status: int
    headers: Sequence[Header]
    body: bytes = b""


class Written(StreamResponse):
    """Tells aiohttp that the response is on the wire and whether the connection may go on."""

    def __init__(self, *, keep_alive: bool) -> None:
        # Not StreamResponse's own: it builds headers that nobody reads (2 µs a request).
        self._keep_alive = keep_alive

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Do nothing: the head is out."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Do nothing: the end is out."""


WRITTEN_KEEP_ALIVE = Written(keep_alive=True)
WRITTEN_CLOSE = Written(keep_alive=False)


def response_head(status: int, headers: Sequence[Header]) -> bytes:
    """Serialize a status line and headers; the reason phrase is always our own.

    Raises `UnfitHead`.
    """
    start = _STATUS_LINES.get(status) or b"HTTP/1.1 %d Status" % status
    return build_head(start, headers, _IN_EVERY_HEAD)


async def write_reply(
    request: BaseRequest, reply: Reply, *, write_stall_s: float = _WRITE_STALL_S
) -> Written:
    """Put a whole response on the wire, a long one as fast as the client reads.

    Raises `ClientStalled`.
    """
    keep_alive, transport = request.keep_alive, request.transport
    if len(reply.body) <= PIECE_BYTES or request.method == "HEAD" or transport is None:
        return write_small_reply(request, reply, keep_alive=keep_alive)
    transport.write(reply_bytes(reply, keep_alive=keep_alive, bodiless=True))
    for start in range(0, len(reply.body), PIECE_BYTES):
        transport.write(reply.body[start : start + PIECE_BYTES])
        if request.protocol.writing_paused:
            await wait_until_read(request, write_stall_s)
    return WRITTEN_KEEP_ALIVE if keep_alive else WRITTEN_CLOSE


def write_small_reply(request: BaseRequest, reply: Reply, *, keep_alive: bool) -> Written:
    """Put a whole response, which must be short, on the wire in one write."""
    transport = request.transport
    if transport is not None:
        bodiless = request.method == "HEAD"
        transport.write(reply_bytes(reply, keep_alive=keep_alive, bodiless=bodiless))
    return WRITTEN_KEEP_ALIVE if keep_alive else WRITTEN_CLOSE


async def wait_until_read(request: BaseRequest, write_stall_s: float) -> None:
    """Wait until the client has read most of what was written.

    Raises `ClientStalled` after so many seconds: it would pin its answer, and the upstream's
    connection, for ever.
    """
    try:
        async with asyncio.timeout(write_stall_s):
            await request.writer.drain()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
        raise ClientStalled("the client stopped reading") from None


def reply_bytes(reply: Reply, *, keep_alive: bool, bodiless: bool = False) -> bytes:
    """Serialize a whole response; `bodiless` for its head alone, as HEAD is answered."""
    headers = list(reply.headers)
    if reply.status not in _BODILESS:
        headers.append((b"Content-Length", b"%d" % len(reply.body)))
    if not keep_alive:
        headers.append(_CLOSE)
    head = response_head(reply.status, headers)
    return head if bodiless else head + reply.body


def write_stream_head(
    request: BaseRequest, status: int, headers: Sequence[Header], *, chunked: bool
) -> asyncio.Transport:
    """Start a response whose length nobody knows.

    Raises `ConnectionResetError` when the client has gone already.
    """
    framing = [_CHUNKED] if chunked else []  # HTTP/1.0 has no chunks
    if not chunked or not request.keep_alive:
        framing.append(_CLOSE)
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    transport.write(response_head(status, [*headers, *framing]))
    return transport


def error_reply(
    error: GatewayError,
    *,
    request_id: str = "",
    message_id: int | str | None = None,
    headers: Sequence[Header] = (),
) -> Reply:
    """Build the answer to a request that ends here."""
    retry_after_s = getattr(error, "retry_after_s", None)
    extra = [] if retry_after_s is None else [(b"Retry-After", b"%d" % retry_after_s)]
    if isinstance(error, MethodNotAllowed):
        extra.append((b"Allow", error.allow.encode()))
    body = error_message(error, request_id=request_id, message_id=message_id)
    return Reply(error.status, [JSON, NO_STORE, *extra, *headers], body)


def error_message(
    error: GatewayError, *, request_id: str = "", message_id: int | str | None = None
) -> bytes:
    """Build a JSON-RPC error, since MCP clients read every body as JSON-RPC.

    It carries the message's id where that is known and none otherwise (never null: MCP basic,
    responses).
    """
    body: dict[str, object] = {"jsonrpc": "2.0"}
    if message_id is not None:
        body["id"] = message_id
    body["error"] = {
        "code": error.jsonrpc_code,
        "message": error.description,
        "data": {
            "error": error.code or "unauthorized",
            "request_id": request_id,
            **_details(error),
        },
    }
    return msgspec.json.encode(body)


def _details(error: GatewayError) -> dict[str, object]:
    """What a person or a model can act on; some clients never see the header that says it."""
    if isinstance(error, RateLimited):
        return {"reason": error.reason, "retry_after_s": error.retry_after_s}
    if not isinstance(error, AccessDenied | InsufficientScope):
        return {}
    details: dict[str, object] = {"reason": error.reason}
    if isinstance(error, InsufficientScope):
        details["scopes"] = sorted(error.scopes)
    if error.contact is not None:
        details["contact"] = error.contact
    return details
