"""Recognizing a head that is the last one again but for its length. Pure.

The next message on a connection repeats the head of the last one byte for byte, except for the
digits of Content-Length. Two comparisons then replace parsing and all that follows from a head
alone; and since exact bytes have one exact meaning, nothing can be confused that a parser would
not confuse.
"""

import re
from typing import Generic, TypeVar

H = TypeVar("H")

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([1-9][0-9]{0,9})\r\n", re.IGNORECASE)
_MAX_DIGITS = 10
_MAX_SIZE_DIGITS = 6  # of a chunk, hexadecimal; a read is smaller
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_CRLF = b"\r\n"
_LAST_CHUNK = b"0\r\n\r\n"


class Repetition(Generic[H]):
    """A head as bytes, and `head`, what it was read as."""

    __slots__ = ("_after", "_before", "head")

    def __init__(self, before: bytes, after: bytes, head: H) -> None:
        self._before = before
        self._after = after
        self.head = head

    def match(self, data: bytes) -> tuple[int, bytes] | None:
        """The length that `data` announces and what follows its head; None for another head."""
        if not data.startswith(self._before):
            return None
        begin = len(self._before)
        end = data.find(b"\r", begin, begin + _MAX_DIGITS + 1)
        digits = data[begin:end]
        # `isdigit` of bytes knows ASCII only. A zero in front is no plain length.
        if not digits.isdigit() or digits[0] == ord("0") or not data.startswith(self._after, end):
            return None
        return int(digits), data[end + len(self._after) :]


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
            digits = data[begin:end]
            if end < 0 or not digits or digits.translate(None, _HEX_DIGITS):
                return None
            piece_end = end + len(_CRLF) + int(digits, 16)
            begin = piece_end + len(_CRLF)
            if piece_end == end + len(_CRLF) or data[piece_end:begin] != _CRLF:
                return None
            pieces.append(data[end + len(_CRLF) : piece_end])
        return b"".join(pieces) if begin == last else None


def repetition_of(raw: bytes, head: H) -> Repetition[H] | None:
    """Remember a head, `raw` with its blank line; None when it has no length that could change."""
    found = _LENGTH.search(raw)
    if found is None:
        return None
    return Repetition(raw[: found.start(1)], raw[found.end(1) :], head)
