"""What became of a call, found in the bytes of its answer: JSON-RPC 2.0 §5, MCP Tools."""

import re
from typing import Literal

import msgspec

from gateway.mcp.listing import members_of
from gateway.mcp.sse import messages_in

Word = Literal["ok", "tool_error", "jsonrpc_error", "unread"]

# As long an event is kept to be read; what the end of a longer one says is found without it.
MAX_KEPT_BYTES = 16 * 1024
_OVERLAP_BYTES = 64  # a marker may lie across two pieces
# How `"error"` and `"isError"` end. One search for both costs 0.7 ns a byte, two cost twice that.
# Inside a JSON string quotes are escaped: neither can stand in what a tool wrote.
_MARKER = b'rror"'
_IS_FALSE = b'"isError":false'  # as serializers write it
_IS_TRUE = re.compile(rb'"isError"[ \t\r\n]*:[ \t\r\n]*true')
# At the start of a body or of an event's data; `jsonrpc` and `id` may stand before it.
_BEGINS_AS_ERROR = re.compile(
    rb"""(?:\A|[\r\n])(?:data:\ ?)?\s*\{\s*
    (?:"(?:jsonrpc|id)"\s*:\s*(?:"[^"\\]{0,256}"|-?\d{1,20}|null)\s*,\s*){0,2}
    "error"\s*:""",
    re.VERBOSE,
)
_BOUNDARIES = (b"\n\n", b"\n\r\n", b"\r\r", b"\n\r")

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_array = msgspec.json.Decoder(list[msgspec.Raw])
_code = msgspec.json.Decoder(int)
_NULL = msgspec.Raw(b"null")


class Answer(msgspec.Struct, frozen=True, gc=False):
    """`code` is that of the JSON-RPC error, None without one; `unread` is what nobody looked at."""

    word: Word = "ok"
    code: int | None = None


OK = Answer()
_TOOL_FAILED = Answer("tool_error")
UNREAD = Answer("unread")
_RANK = {"ok": 0, "unread": 0, "tool_error": 1, "jsonrpc_error": 2}


def answer_in(body: bytes) -> Answer:
    """What a JSON body says: of a batch, the worst. What cannot be read says nothing.

    A server that writes a key of JSON-RPC with an escape is not understood.
    """
    if _is_plain(body):
        return OK
    try:
        if body.lstrip()[:1] != b"[":
            return _of_message(body)
        return max(map(_of_message, _array.decode(body)), key=_rank, default=OK)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return OK


def answer_in_events(stream: bytes) -> Answer:
    """What a whole event stream says: the worst of its events."""
    if _is_plain(stream):
        return OK
    watch = AnswerWatch(events=True)
    watch.feed(stream)
    return watch.answer


class AnswerWatch:
    """Looks at an answer that passes in pieces, without holding one back.

    `events` tells an event stream from a JSON body. An event of up to `MAX_KEPT_BYTES` is read;
    of a longer one it is found how it begins, and whether it has `"isError": true` anywhere.
    """

    __slots__ = ("_events", "_found", "_is_long", "_kept")

    def __init__(self, *, events: bool) -> None:
        self._events = events
        self._found = OK
        self._kept = b""  # the event under way, or of a long one its last bytes
        self._is_long = False

    @property
    def answer(self) -> Answer:
        """The worst of what has passed."""
        if self._events or self._is_long:
            return self._found
        return _worse(self._found, answer_in(self._kept))

    def feed(self, piece: bytes) -> None:
        """Look at the next piece."""
        seen = self._kept + piece if self._kept else piece
        end = last_boundary(seen) if self._events else 0
        marked = _MARKER in seen
        if marked:
            self._look(seen, end)
        if end:
            seen, self._is_long = seen[end:], False
        if not self._is_long and len(seen) > MAX_KEPT_BYTES:
            self._is_long = True
            if marked:
                self._note(_begun(seen))
        self._kept = seen[-_OVERLAP_BYTES:] if self._is_long else seen

    def _look(self, seen: bytes, end: int) -> None:
        if self._is_long and _IS_TRUE.search(seen):
            self._note(_TOOL_FAILED)
        if end and not _is_plain(seen[:end]):
            for message in messages_in(seen[:end]):
                self._note(answer_in(message))

    def _note(self, found: Answer) -> None:
        self._found = _worse(self._found, found)


def _is_plain(text: bytes) -> bool:
    # As nearly always: nothing in it could be an error.
    markers = text.count(_MARKER)
    return not markers or markers == text.count(_IS_FALSE)


def _of_message(text: bytes | msgspec.Raw) -> Answer:
    message = _object.decode(text)
    if "method" in message:
        return OK  # the server asks something, or tells
    error = message.get("error", _NULL)
    if error != _NULL:  # some servers write `"error": null` beside a result
        return Answer("jsonrpc_error", _code_of(error))
    flag = members_of(message.get("result")).get("isError")
    return _TOOL_FAILED if flag is not None and bytes(flag) == b"true" else OK


def _code_of(error: msgspec.Raw) -> int | None:
    try:
        return _code.decode(members_of(error).get("code", b""))
    except msgspec.MsgspecError:
        return None


def _begun(event: bytes) -> Answer:
    """What the beginning of a long event says."""
    if _BEGINS_AS_ERROR.search(event, 0, MAX_KEPT_BYTES):
        return Answer("jsonrpc_error")
    return _TOOL_FAILED if _IS_TRUE.search(event) else OK


def last_boundary(seen: bytes) -> int:
    """Where the last whole event ends; 0 where none does."""
    if seen.endswith(_BOUNDARIES):  # as nearly always: servers write whole events
        return len(seen)
    # A single byte is found forty times as fast as two.
    if b"\r" not in seen and b"\n" not in seen:
        return 0
    possible = _BOUNDARIES if b"\r" in seen else (b"\n\n",)
    found = ((seen.rfind(each), len(each)) for each in possible)
    return max((at + length for at, length in found if at >= 0), default=0)


def _worse(one: Answer, other: Answer) -> Answer:
    return other if _rank(other) > _rank(one) else one


def _rank(answer: Answer) -> int:
    return _RANK[answer.word]
