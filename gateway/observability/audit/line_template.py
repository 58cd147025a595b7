"""Audit lines of requests of one kind: what they have in common is written once."""

import msgspec

from gateway.observability.audit.audit import MAX_LINE_BYTES, is_harmless, is_plain, json_line
from gateway.observability.audit.outcome import RequestOutcome

_encoder = msgspec.json.Encoder()


class OwnPart(msgspec.Struct, gc=False, tag_field="event", tag="mcp_request"):
    """What each request has of its own: the first members of `RequestOutcome`, in its order."""

    time: str
    request_id: str
    jsonrpc_id: int | str | None
    client_request_id: str | None
    trace_id: str | None
    duration_s: float
    auth_s: float
    upstream_s: float
    bytes_in: int
    bytes_out: int


class LineTemplate:
    """The end of an audit line, ready; `rest` is what follows the own part."""

    __slots__ = ("_rest",)

    def __init__(self, rest: bytes) -> None:
        self._rest = rest

    def line(self, own: OwnPart) -> bytes | None:
        """The line; None where what the client wrote needs a closer look."""
        if own.jsonrpc_id.__class__ is str and not _is_plain_id(own.jsonrpc_id):
            return None
        if not is_harmless(own.client_request_id):
            return None
        line = _encoder.encode(own)[:-1] + self._rest
        return line if len(line) <= MAX_LINE_BYTES else None


def line_template(outcome: RequestOutcome) -> LineTemplate | None:
    """Make the template of requests like this one; None where each line needs a closer look."""
    if not is_plain(outcome):
        return None
    line = json_line(outcome)
    own = _encoder.encode(own_part(outcome))[:-1]
    return LineTemplate(line[len(own) :]) if line is not None and line.startswith(own) else None


def own_part(outcome: RequestOutcome) -> OwnPart:
    """Take out what a request has of its own."""
    return OwnPart(*(getattr(outcome, name) for name in OwnPart.__struct_fields__))


def _is_plain_id(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable() and is_harmless(text)
