"""From a request body to the operation that it asks for, or a refusal."""

from collections.abc import Sequence

from gateway.errors import GatewayError, UnsupportedMediaType
from gateway.http.head import Head
from gateway.mcp.headers import check_mirrored_headers, declared_revision
from gateway.mcp.message import Message, parse_messages, parse_request_id
from gateway.mcp.operation import Operation, operation_of
from gateway.mcp.revisions import has_batches
from gateway.proxy.gate.record import RequestRecord

_UTF8 = frozenset({"charset=utf-8", 'charset="utf-8"'})


def parse_operation(head: Head, body: bytes, record: RequestRecord) -> Operation:
    """Read what a POST asks for; for the other methods, what its headers say.

    Raises `InvalidRequest` for a malformed revision, `UnsupportedMediaType`, `ParseError`,
    `InvalidMessage` or `HeaderMismatch`; `record` has the id of what could be read all the same.
    """
    if head.method != "POST":
        return operation_of((), declared_revision(_versions(head)))
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
    operation = operation_of(messages, revision)
    record.message_id = operation.id
    return operation


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
    if not plain or parameters.strip().lower() not in ("", *_UTF8):
        raise UnsupportedMediaType("Send application/json, without a content coding.")
