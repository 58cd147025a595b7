"""What somebody who was refused before the message was read had called: for the audit line."""

from contextlib import suppress

from aiohttp.web import BaseRequest

from gateway.errors import GatewayError
from gateway.http.head import Head
from gateway.proxy.gate.parse_operation import read_operation
from gateway.proxy.gate.visit import Visit
from gateway.proxy.inbound.body import BodyLimits, read_body

LIMIT_S = 1.0
LIMITS = BodyLimits(64 * 1024, LIMIT_S, LIMIT_S)


async def note_refused_call(request: BaseRequest, head: Head, visit: Visit) -> None:
    """Let `visit` name the call, if its message is small and comes soon.

    Only for callers who are known: a stranger must not make the gateway read.
    """
    if head.method != "POST" or "Expect" in head.headers:  # RFC 9110 §10.1.1: it need not come
        return
    with suppress(GatewayError):
        body = await read_body(request, LIMITS)
        visit.bytes_in = len(body)
        visit.operation = read_operation(head, body, visit)
