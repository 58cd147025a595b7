"""What is asked for? 400, 405, 408, 413 and 415."""

from collections.abc import Sequence
from contextlib import suppress

from gateway.errors import GatewayError, MalformedHttp, MethodNotAllowed, UnsupportedMediaType
from gateway.http.cors import MCP_METHODS
from gateway.http.head import Head
from gateway.mcp.headers import check_mirrored_headers, declared_revision
from gateway.mcp.message import Message, parse_messages, parse_request_id
from gateway.mcp.operation import Operation, operation_of
from gateway.mcp.revisions import has_batches
from gateway.proxy.gate.client import BodyLimits, Client
from gateway.proxy.gate.record import RequestRecord

_NO_OTHER_CHARSET = frozenset({"", "charset=utf-8", 'charset="utf-8"'})

LIMIT_S = 1.0
_OF_A_REFUSED_CALL = BodyLimits(64 * 1024, LIMIT_S, LIMIT_S)


def parse_operation(head: Head, body: bytes, record: RequestRecord) -> Operation:
    """Read what a POST asks for; for the other methods, what its headers say.

    Raises `InvalidRequest` for a malformed revision, `UnsupportedMediaType`, `ParseError`,
    `InvalidMessage` or `HeaderMismatch`; `record` has the id of what could be read all the same.
    `MethodNotAllowed` for HEAD, which asks for nothing: who needs a token was told already.
    """
    if head.method != "POST":
        if head.method == "HEAD":
            raise MethodNotAllowed("MCP uses POST, GET and DELETE.", allow=MCP_METHODS)
        record.operation = operation_of((), declared_revision(_versions(head)))
        return record.operation
    messages: Sequence[Message] = ()
    try:
        if parse_operation not in head.facts:
            revision = declared_revision(_versions(head))
            check_media(head)
            head.facts[parse_operation] = revision
        revision = head.facts[parse_operation]
        messages = parse_messages(body, batch=has_batches(revision))
        for message in messages:
            check_mirrored_headers(message, revision, head.headers)
    except GatewayError:
        record.message_id = parse_request_id(body)
        if messages:  # its headers say otherwise: what was asked for is still told
            record.operation = operation_of(messages, revision)
        raise
    operation = record.operation = operation_of(messages, revision)
    record.message_id = operation.id
    return operation


async def read_body(client: Client, limits: BodyLimits) -> bytes:
    """Read the body of a POST; the other methods have none.

    Raises `MalformedHttp`, `BodyTooLarge` and `RequestTimeout`.
    """
    if client.head.method == "POST":
        return await client.body(limits)
    if client.head.has_body:
        raise MalformedHttp("Only a POST has a body here.")
    return b""


async def note_refused_call(client: Client, record: RequestRecord) -> None:
    """Let `record` name the call, if its message is small and comes soon.

    Only for callers who are known: a stranger must not make the gateway read.
    """
    head = client.head
    if head.method != "POST" or head.expects_continue:  # RFC 9110 §10.1.1: it need not come
        return
    with suppress(GatewayError):
        body = await client.body(_OF_A_REFUSED_CALL)
        record.bytes_in = len(body)
        parse_operation(head, body, record)


def _versions(head: Head) -> Sequence[str]:
    return head.headers.getall("MCP-Protocol-Version", ())


def check_media(head: Head) -> None:
    """Let only plain JSON through: what a web form can send is never JSON.

    Raises `UnsupportedMediaType`.
    """
    types = head.headers.getall("Content-Type", ())
    codings = head.headers.getall("Content-Encoding", ("identity",))
    if len(types) != 1 or [coding.lower() for coding in codings] != ["identity"]:
        raise UnsupportedMediaType("Send application/json, without a content coding.")
    media, _, parameters = types[0].partition(";")
    plain = media.strip().lower() == "application/json"
    if not plain or parameters.strip().lower() not in _NO_OTHER_CHARSET:
        raise UnsupportedMediaType("Send application/json, without a content coding.")
