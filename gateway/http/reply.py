"""A response of the gateway as values and as bytes: RFC 9112 §4, §6. Pure."""

from collections.abc import Sequence
from http import HTTPStatus

import msgspec

from gateway.errors import (
    AccessDenied,
    GatewayError,
    InsufficientScope,
    MethodNotAllowed,
    RateLimited,
)
from gateway.http.message_head import Field, Lines, begin_head, build_head, end_head, field_lines
from gateway.http.status import BODILESS

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}".encode() for status in HTTPStatus
}
JSON: Field = (b"Content-Type", b"application/json")
NO_STORE: Field = (b"Cache-Control", b"no-store")
# Nothing that is ours or passes is to be read as a page because of how its bytes look.
_IN_EVERY_HEAD = [field_lines([(b"X-Content-Type-Options", b"nosniff")])]
_CHUNKED: Field = (b"Transfer-Encoding", b"chunked")
_CLOSE: Field = (b"Connection", b"close")


class Reply(msgspec.Struct, frozen=True, gc=False):
    """A whole response: `body` is complete, so its length is known."""

    status: int
    headers: Sequence[Field]
    body: bytes = b""


def begin_response(status: int, headers: Sequence[Field]) -> Lines:
    """Serialize what many responses begin with. Raises `UnfitHead`."""
    start = _STATUS_LINES.get(status) or b"HTTP/1.1 %d Status" % status
    return begin_head(start, headers, _IN_EVERY_HEAD)


def end_response(
    opening: Lines, status: int, request_id: str, body_bytes: int, *, keep_alive: bool
) -> bytes:
    """Finish the head of a response whose body has a known length."""
    fields = [(b"X-Request-Id", request_id.encode())]
    if status not in BODILESS:
        fields.append((b"Content-Length", b"%d" % body_bytes))
    if not keep_alive:
        fields.append(_CLOSE)
    return end_head(opening, fields)


def response_head(status: int, headers: Sequence[Field]) -> bytes:
    """Serialize a status line and headers; the reason phrase is always our own.

    Raises `UnfitHead`.
    """
    start = _STATUS_LINES.get(status) or b"HTTP/1.1 %d Status" % status
    return build_head(start, headers, _IN_EVERY_HEAD)


def reply_bytes(reply: Reply, *, keep_alive: bool, bodiless: bool = False) -> bytes:
    """Serialize a whole response; `bodiless` for its head alone, as HEAD is answered."""
    headers = list(reply.headers)
    if reply.status not in BODILESS:
        headers.append((b"Content-Length", b"%d" % len(reply.body)))
    if not keep_alive:
        headers.append(_CLOSE)
    head = response_head(reply.status, headers)
    return head if bodiless else head + reply.body


def end_stream_response(
    opening: Lines, request_id: str, *, chunked: bool, keep_alive: bool
) -> bytes:
    """Finish the head of a response whose length nobody knows; HTTP/1.0 has no chunks."""
    fields = [(b"X-Request-Id", request_id.encode())]
    if chunked:
        fields.append(_CHUNKED)
    if not keep_alive:
        fields.append(_CLOSE)
    return end_head(opening, fields)


def error_reply(
    error: GatewayError,
    *,
    request_id: str = "",
    message_id: int | str | None = None,
    headers: Sequence[Field] = (),
) -> Reply:
    """Build the answer to a request that ends here."""
    body = error_message(error, request_id=request_id, message_id=message_id)
    return Reply(error.status, [JSON, NO_STORE, *advice(error), *headers], body)


def advice(error: GatewayError) -> list[Field]:
    """What a client may do next: when to come back, which methods there are."""
    retry_after_s = getattr(error, "retry_after_s", None)
    fields = [] if retry_after_s is None else [(b"Retry-After", b"%d" % retry_after_s)]
    if isinstance(error, MethodNotAllowed):
        fields.append((b"Allow", error.allow.encode()))
    return fields


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
