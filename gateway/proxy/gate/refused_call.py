"""What somebody who was refused before the message was read had called: for the audit line."""

from contextlib import suppress

from gateway.errors import GatewayError
from gateway.proxy.gate.client import BodyLimits, Client
from gateway.proxy.gate.parse_operation import parse_operation
from gateway.proxy.gate.record import RequestRecord

LIMIT_S = 1.0
LIMITS = BodyLimits(64 * 1024, LIMIT_S, LIMIT_S)


async def note_refused_call(client: Client, record: RequestRecord) -> None:
    """Let `record` name the call, if its message is small and comes soon.

    Only for callers who are known: a stranger must not make the gateway read.
    """
    head = client.head
    if head.method != "POST" or head.expects_continue:  # RFC 9110 §10.1.1: it need not come
        return
    with suppress(GatewayError):
        body = await client.body(LIMITS)
        record.bytes_in = len(body)
        record.operation = parse_operation(head, body, record)
