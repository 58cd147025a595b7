"""What the upstream writes: answers to `tools/call` as JSON and as an event stream of one event.

The tool's name chooses, for a body crosses every proxy unchanged.
"""

from collections.abc import Mapping, Sequence

JSON_TOOL = "get_weather"
EVENT_TOOL = "get_event"
EVENT_IN_PIECES_TOOL = "get_pieces"
HEAD_TOOL = "get_head"

_RESULT = (
    b'{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"It is 18 degrees '
    b'and cloudy in Berlin, with a light wind from the west."}],"isError":false}}'
)
_HEAD_RESULT = b'{"jsonrpc":"2.0","id":1,"result":{"head":"%b"}}'
_EVENT = b"event: message\r\ndata: %b\r\n\r\n" % _RESULT
_LAST_CHUNK = b"0\r\n\r\n"
_GREETING_FIELD = b"Mcp-Session-Id: one-of-the-benchmark\r\n"
# The fields that sse-starlette sets, with which the official Python SDK answers.
_STREAM_FIELDS = (
    b"Cache-Control: no-store\r\nConnection: keep-alive\r\nX-Accel-Buffering: no\r\n"
    b"Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\n" + _STREAM_FIELDS


class Answers:
    """The writes of each answer, made beforehand; `renew` the date once a second."""

    def __init__(self, date: str) -> None:
        self.renew(date)

    def renew(self, date: str) -> None:
        """Put the date (RFC 9110 §5.6.7) into every head, as servers do."""
        self._start = b"HTTP/1.1 200 OK\r\nDate: %b\r\nServer: mcp\r\n" % date.encode()
        event = (self._start + _STREAM_FIELDS, chunk(_EVENT), _LAST_CHUNK)
        self._greeting = (self._json(_RESULT, _GREETING_FIELD),)
        self._result = (self._json(_RESULT),)
        self._by_tool: Mapping[bytes, Sequence[bytes]] = {
            EVENT_TOOL.encode(): (b"".join(event),),
            EVENT_IN_PIECES_TOOL.encode(): event,
        }

    def to_message(self, body: bytes, request: bytes) -> Sequence[bytes]:
        """Give the writes of one answer; a call of `get_head` is told the whole request, in hex."""
        if b'"initialize"' in body:
            return self._greeting
        for tool, pieces in self._by_tool.items():
            if tool in body:
                return pieces
        if HEAD_TOOL.encode() in body:
            return (self._json(_HEAD_RESULT % request.hex().encode()),)
        return self._result

    def _json(self, body: bytes, fields: bytes = b"") -> bytes:
        head = self._start + b"Content-Type: application/json\r\n" + fields
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


def chunk(data: bytes) -> bytes:
    """Frame a piece of a body: RFC 9112 §7.1."""
    return b"%x\r\n%b\r\n" % (len(data), data)
