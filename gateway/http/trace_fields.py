"""The fields by which a request is found again in logs and traces: W3C Trace Context. Pure.

They differ from request to request of one client, and nothing is decided by them. So they are kept
apart from the head: what follows from a head then holds for the next request as well.
"""

from collections.abc import Iterable, Sequence

import msgspec

from gateway.http.message_head import Field

_REQUEST_ID = b"x-request-id"
_TRACEPARENT = b"traceparent"
TRACE_NAMES = frozenset({_REQUEST_ID, _TRACEPARENT, b"tracestate"})


class TraceFields(msgspec.Struct, frozen=True, gc=False):
    """What one request says of itself.

    `request_id` is as the client sent it, None when it sent none; `traceparent` is "" then.
    `passed_on` are the fields that the upstream gets as they came.
    """

    request_id: str | None = None
    traceparent: str = ""
    passed_on: Sequence[Field] = ()


NO_TRACE = TraceFields()


def trace_fields(fields: Iterable[Field]) -> list[Field]:
    """Pick them out of a head, in their order."""
    return [each for each in fields if each[0].lower() in TRACE_NAMES]


def parse_trace(fields: Sequence[Field]) -> TraceFields:
    """What these fields say; of one that stands twice the first counts."""
    if not fields:
        return NO_TRACE
    request_id: str | None = None
    traceparent = ""
    passed_on: list[Field] = []
    for field in fields:
        name, value = field
        lower = name.lower()
        if lower != _REQUEST_ID:
            passed_on.append(field)
        elif request_id is None:
            request_id = value.decode("utf-8", "surrogateescape")
        if lower == _TRACEPARENT and not traceparent:
            traceparent = value.decode("utf-8", "surrogateescape")
    return TraceFields(request_id, traceparent, passed_on)
