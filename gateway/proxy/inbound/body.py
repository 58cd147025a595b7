"""Reading a request body: within its limit, within its time, and only after authentication."""

import asyncio
from dataclasses import dataclass

from aiohttp.web import BaseRequest, RequestPayloadError

from gateway.errors import BodyTooLarge, InvalidRequest, RequestTimeout

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a body may be, how long it may pause, and how long it may take."""

    max_bytes: int
    stall_s: float
    total_s: float


async def read_body(request: BaseRequest, limits: BodyLimits) -> bytes:
    """Read the whole body.

    A client that waits for `100 Continue` gets it here, so never before authentication.
    Raises `BodyTooLarge`, `RequestTimeout` when it takes too long, and `InvalidRequest` when
    the framing breaks.
    """
    max_body_bytes = limits.max_bytes
    announced = request.headers.get("Content-Length")
    if announced is not None and int(announced) > max_body_bytes:
        raise BodyTooLarge(f"The body is larger than {max_body_bytes} bytes.")
    content = request.content
    if "Expect" in request.headers and not content.is_eof() and request.transport is not None:
        request.transport.write(_CONTINUE)
    try:
        if content.is_eof():
            return _within(bytes(content.read_nowait()), max_body_bytes)
        return await _collect(request, limits)
    except RequestPayloadError as cause:
        raise InvalidRequest("The body's framing is broken.", reason="bad_http") from cause


async def _collect(request: BaseRequest, limits: BodyLimits) -> bytes:
    pieces: list[bytes] = []
    size = 0
    loop = asyncio.get_running_loop()
    # Who may call is decided before: what drips would go upstream long after.
    ends_at = loop.time() + limits.total_s
    try:
        async with asyncio.timeout(min(limits.stall_s, limits.total_s)) as patience:
            while piece := await request.content.readany():
                size += len(piece)
                if size > limits.max_bytes:
                    raise BodyTooLarge(f"The body is larger than {limits.max_bytes} bytes.")
                pieces.append(piece)
                patience.reschedule(min(loop.time() + limits.stall_s, ends_at))
    except TimeoutError as cause:
        raise RequestTimeout("The body takes too long to arrive.") from cause
    return b"".join(pieces)


def _within(body: bytes, max_body_bytes: int) -> bytes:
    if len(body) > max_body_bytes:
        raise BodyTooLarge(f"The body is larger than {max_body_bytes} bytes.")
    return body
