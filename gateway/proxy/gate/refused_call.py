"""What somebody who was refused before the message was read had called: for the audit line."""

from contextlib import suppress

from gateway.errors import GatewayError
from gateway.proxy.gate.client import BodyLimits, Client
from gateway.proxy.gate.parse_operation import read_operation
from gateway.proxy.gate.visit import Visit

LIMIT_S = 1.0
LIMITS = BodyLimits(64 * 1024, LIMIT_S, LIMIT_S)


async def note_refused_call(client: Client, visit: Visit) -> None:
    """Let `visit` name the call, if its message is small and comes soon.

    Only for callers who are known: a stranger must not make the gateway read.
    """
    head = client.head
    if head.method != "POST" or head.expects_continue:  # RFC 9110 §10.1.1: it need not come
        return
    with suppress(GatewayError):
        body = await client.body(LIMITS)
        visit.bytes_in = len(body)
        visit.operation = read_operation(head, body, visit)
