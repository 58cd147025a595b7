"""Reading a request body: within its limit, within its time, and only after authentication."""

import asyncio

from aiohttp.web import BaseRequest, RequestPayloadError

from gateway.errors import BodyTooLarge, InvalidRequest, RequestTimeout

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


async def read_body(request: BaseRequest, max_body_bytes: int, stall_timeout_s: float) -> bytes:
    """Read the whole body.

    A client that waits for `100 Continue` gets it here, so never before authentication.
    Raises `BodyTooLarge`, `RequestTimeout` when nothing arrives for `stall_timeout_s`, and
    `InvalidRequest` when the framing breaks.
    """
    announced = request.headers.get("Content-Length")
    if announced is not None and int(announced) > max_body_bytes:
        raise BodyTooLarge(f"The body is larger than {max_body_bytes} bytes.")
    content = request.content
    if "Expect" in request.headers and not content.is_eof() and request.transport is not None:
        request.transport.write(_CONTINUE)
    try:
        if content.is_eof():
            return _within(bytes(content.read_nowait()), max_body_bytes)
        return await _collect(request, max_body_bytes, stall_timeout_s)
    except RequestPayloadError as cause:
        raise InvalidRequest("The body's framing is broken.", reason="bad_http") from cause


async def _collect(request: BaseRequest, max_body_bytes: int, stall_timeout_s: float) -> bytes:
    pieces: list[bytes] = []
    size = 0
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(stall_timeout_s) as patience:
            while piece := await request.content.readany():
                size += len(piece)
                if size > max_body_bytes:
                    raise BodyTooLarge(f"The body is larger than {max_body_bytes} bytes.")
                pieces.append(piece)
                patience.reschedule(loop.time() + stall_timeout_s)
    except TimeoutError as cause:
        raise RequestTimeout("The body stopped arriving.") from cause
    return b"".join(pieces)


def _within(body: bytes, max_body_bytes: int) -> bytes:
    if len(body) > max_body_bytes:
        raise BodyTooLarge(f"The body is larger than {max_body_bytes} bytes.")
    return body
