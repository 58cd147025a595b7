"""Recognizing a head that is the last one again but for a few values. Pure.

The next message on a connection repeats the head of the last one byte for byte, except for the
digits of Content-Length and for what names a request in traces. A few comparisons then replace
parsing and all that follows from a head alone; and since exact bytes have one exact meaning,
nothing can be confused that a parser would not confuse.
"""

import re
from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from gateway.http.message_head import Field

H = TypeVar("H")

_CHANGING = re.compile(
    rb"""\r\n(?:content-length:[ \t]*(?P<length>[1-9][0-9]{0,9})
    |(?P<name>x-request-id|traceparent|tracestate):[ \t]*(?P<value>[!-~](?:[ -~]*[!-~])?))
    (?=\r\n)""",
    re.IGNORECASE | re.VERBOSE,
)
_MAX_DIGITS = 10
_MAX_VALUE_BYTES = 512
_VALUE = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
_MAX_SIZE_DIGITS = 6  # of a chunk, hexadecimal; a read is smaller
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_CRLF = b"\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class News(NamedTuple):
    """What a message says anew: its length, what came after its head, and its trace fields."""

    length: int
    rest: bytes
    trace: Sequence[Field]


class Repetition(Generic[H]):
    """A head as bytes, and `head`, what it was read as.

    `parts` are what stands before each value that may change, with the name of its field, or None
    for the length; `after` follows the last one.
    """

    __slots__ = ("_after", "_parts", "head")

    def __init__(self, parts: Sequence[tuple[bytes, bytes | None]], after: bytes, head: H) -> None:
        self._parts = parts
        self._after = after
        self.head = head

    def match(self, data: bytes) -> News | None:
        """What `data` says anew; None for another head."""
        length, end = 0, 0
        trace: list[Field] = []
        for before, name in self._parts:
            if not data.startswith(before, end):
                return None
            begin = end + len(before)
            end = data.find(
                b"\r", begin, begin + (_MAX_DIGITS if name is None else _MAX_VALUE_BYTES) + 1
            )
            if end < 0:
                return None
            value = data[begin:end]
            if name is None:
                # `isdigit` of bytes knows ASCII only. A zero in front is no plain length.
                if not value.isdigit() or value[0] == ord("0"):
                    return None
                length = int(value)
            elif _VALUE.fullmatch(value) is None:
                return None
            else:
                trace.append((name, value))
        if not data.startswith(self._after, end):
            return None
        return News(length, data[end + len(self._after) :], trace)


class ChunkedRepetition(Generic[H]):
    """A head whose body is chunked, as bytes, and `head`, what it was read as."""

    __slots__ = ("_raw", "head")

    def __init__(self, raw: bytes, head: H) -> None:
        self._raw = raw
        self.head = head

    def match(self, data: bytes) -> bytes | None:
        """The body, when `data` is this head and plain chunks to the very end; else None.

        Extensions, trailers and what follows the message are for a parser.
        """
        if not data.startswith(self._raw) or not data.endswith(_LAST_CHUNK):
            return None
        begin, last = len(self._raw), len(data) - len(_LAST_CHUNK)
        pieces: list[bytes] = []
        while begin < last:
            end = data.find(_CRLF, begin, begin + _MAX_SIZE_DIGITS + len(_CRLF))
            if end < 0:
                return None
            digits = data[begin:end]
            if not digits or digits.translate(None, _HEX_DIGITS):
                return None
            size, begin = int(digits, 16), end + len(_CRLF)
            if not size or not data.startswith(_CRLF, begin + size):
                return None
            pieces.append(data[begin : begin + size])
            begin += size + len(_CRLF)
        return b"".join(pieces) if begin == last else None

    def begins(self, data: bytes) -> bytes | None:
        """What follows, when `data` begins with this head; else None."""
        return data[len(self._raw) :] if data.startswith(self._raw) else None


def repetition_of(raw: bytes, head: H, trace: Sequence[Field] = ()) -> Repetition[H] | None:
    """Remember a head, `raw` with its blank line; None when it cannot be recognized.

    That is one without a length that could change, and one whose `trace` fields, as they were
    parsed, are not plainly there to be seen.
    """
    parts: list[tuple[bytes, bytes | None]] = []
    seen: list[Field] = []
    end = lengths = 0
    for found in _CHANGING.finditer(raw):
        name = found["name"]
        if name is not None and not trace:
            continue
        at = "length" if name is None else "value"
        lengths += name is None
        if name is not None:
            seen.append((name, found[at]))
        parts.append((raw[end : found.start(at)], name))
        end = found.end(at)
    if lengths != 1 or seen != list(trace):
        return None
    return Repetition(parts, raw[end:], head)
