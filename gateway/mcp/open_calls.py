"""Which requests of a client an event stream has not answered yet: JSON-RPC 2.0 §5. Pure."""

import re
from collections.abc import Iterable

import msgspec

from gateway.mcp.answer import last_boundary
from gateway.mcp.sse import messages_in

RequestId = int | str

MAX_KEPT_BYTES = 16 * 1024  # as long an event is kept to be read
_ENDS_BYTES = 1024  # of a longer one: an answer names its id before its result, or behind it
_END_OF_EVENT = re.compile(rb"\n\n|\n\r|\r\r|\r\n\r\n")
_ID = re.compile(rb'"id"\s*:\s*(-?\d{1,20}|"(?:[^"\\]|\\.){0,256}")')

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_request_id = msgspec.json.Decoder(RequestId)


class OpenCalls:
    """Looks at the events of a stream as they pass, and crosses off what they answer.

    A call that is closed by mistake is at worst not answered by the gateway, and one left open
    is answered twice, of which clients take the first.
    """

    __slots__ = ("_begins", "_is_long", "_kept", "_open", "_passed")

    def __init__(self, ids: Iterable[RequestId]) -> None:
        self._open = dict.fromkeys(ids)
        self._kept = b""  # the event under way, or of a long one its last bytes
        # The last whole events are looked at when something follows them: after most calls nothing
        # does, and nobody asks.
        self._passed = b""
        self._begins = b""
        self._is_long = False

    @property
    def ids(self) -> tuple[RequestId, ...]:
        """The requests without an answer, in the order of the client."""
        self._look_back()
        return tuple(self._open)

    def feed(self, piece: bytes) -> None:
        """Look at the next piece."""
        self._look_back()
        if not self._open:
            return
        seen = self._kept + piece if self._kept else piece
        if self._is_long:
            seen = self._end_long(seen)
        end = 0 if self._is_long else last_boundary(seen)
        if end:
            self._passed, seen = seen[:end], seen[end:]
            if end > MAX_KEPT_BYTES:
                self._look_back()
        if len(seen) > MAX_KEPT_BYTES and not self._is_long:
            self._is_long, self._begins = True, seen[:_ENDS_BYTES]
        self._kept = seen[-_ENDS_BYTES:] if self._is_long else seen

    def _look_back(self) -> None:
        if self._passed:
            for message in messages_in(self._passed):
                self._take(message)
            self._passed = b""

    def _end_long(self, seen: bytes) -> bytes:
        found = _END_OF_EVENT.search(seen)
        if found is None:
            return seen
        # Its members lie too far apart to be read; an answer and its id seldom do.
        ends = seen[max(0, found.start() - _ENDS_BYTES) : found.start()]
        if b'"method"' not in self._begins:
            for written in (*_ID.findall(self._begins), *_ID.findall(ends)):
                self._close(written)
        self._is_long, self._begins = False, b""
        return seen[found.end() :]

    def _take(self, message: bytes) -> None:
        if b'"id"' not in message:  # as nearly all: notifications
            return
        try:
            whole = message.lstrip()
            for each in _array.decode(whole) if whole[:1] == b"[" else [whole]:
                members = _object.decode(each)
                if "method" not in members and "id" in members:
                    self._close(members["id"])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return

    def _close(self, written: bytes | msgspec.Raw) -> None:
        try:
            self._open.pop(_request_id.decode(written), None)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
