"""The chunked coding of a request body, read strictly: RFC 9112 §7.1. Pure."""

import re
from enum import Enum

from gateway.errors import MalformedHttp

_MAX_SIZE_LINE_BYTES = 256  # RFC 9112 §7.1.1 wants a limit on chunk extensions
_MAX_TRAILER_BYTES = 8 * 1024
_MAX_SIZE_DIGITS = 15
_CRLF = b"\r\n"
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_MAX_PLAIN_LINE_BYTES = 8  # a size that fits a read, and its end
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110 §5.6.2
_FIELD = re.compile(_TOKEN + b":")  # RFC 9112 §5: no folding either
# RFC 9110 §6.5.1: behind a body these come too late, and nobody honest sends them.
_FRAMING = re.compile(rb"(?:content-length|transfer-encoding):", re.IGNORECASE)
# RFC 9112 §7.1.1, without the blanks that it calls bad.
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_EXTENSIONS = re.compile(b"(?:;%b(?:=(?:%b|%b))?)*" % (_TOKEN, _TOKEN, _QUOTED))
_HEX = frozenset(_HEX_DIGITS)
_TEXT = frozenset(range(0x20, 0x7F)) | {0x09} | frozenset(range(0x80, 0x100))


class _Part(Enum):
    SIZE = "the line with the size of the next chunk"
    DATA = "the bytes of a chunk"
    DATA_END = "the line end behind them"
    TRAILER = "the lines behind the last chunk, which are read and dropped"
    DONE = "nothing more"


class ChunkedBody:
    """Takes the bytes of a chunked body as they arrive and gives back what they hold.

    Trailers never join the header (RFC 9110 §6.5.1), so they are dropped.
    """

    __slots__ = ("_left", "_line", "_part", "_trailer_bytes")

    def __init__(self) -> None:
        self._part = _Part.SIZE
        self._line = b""
        self._left = 0
        self._trailer_bytes = 0

    @property
    def is_complete(self) -> bool:
        """Whether the last chunk and its trailers have come."""
        return self._part is _Part.DONE

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what `data` holds of the body, and what came behind the body's end.

        Raises `MalformedHttp` for framing that another reader may read otherwise.
        """
        pieces: list[bytes] = []
        at = self._take_plain(data, pieces) if self._part is _Part.SIZE and not self._line else 0
        while at < len(data) and self._part is not _Part.DONE:
            if self._part is _Part.DATA:
                piece = data[at : at + self._left]
                pieces.append(piece)
                at += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._part = _Part.DATA_END
                continue
            at = self._feed_line(data, at)
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return body, data[at:]

    def _take_plain(self, data: bytes, pieces: list[bytes]) -> int:
        """Take whole chunks that have nothing but a size, as nearly all: three times as fast.

        Returns where the first begins that is none, or that is not whole.
        """
        at = 0
        while True:
            end = data.find(_CRLF, at, at + _MAX_PLAIN_LINE_BYTES)
            if end < 0:
                return at
            digits = data[at:end]
            if not digits or digits.translate(None, _HEX_DIGITS):
                return at
            begin, size = end + len(_CRLF), int(digits, 16)
            if not data.startswith(_CRLF, begin + size):
                return at
            at = begin + size + len(_CRLF)
            if not size:
                self._part = _Part.DONE
                return at
            pieces.append(data[begin : begin + size])

    def _feed_line(self, data: bytes, at: int) -> int:
        end = data.find(b"\n", at)
        if end < 0:
            self._line += data[at:]
            self._check_length(len(self._line))
            self._check_beginning()
            return len(data)
        line, self._line = self._line + data[at : end + 1], b""
        self._check_length(len(line))
        if not line.endswith(b"\r\n") or not _TEXT.issuperset(line[:-2]):
            raise _broken()
        self._end_line(line[:-2])
        return end + 1

    def _check_length(self, length: int) -> None:
        limit = 2 if self._part is _Part.DATA_END else _MAX_SIZE_LINE_BYTES
        if self._part is _Part.TRAILER:
            limit = _MAX_TRAILER_BYTES - self._trailer_bytes
        if length > limit:
            raise _broken()

    def _check_beginning(self) -> None:
        # Refused at once, not when the client's time is up.
        if self._part is _Part.SIZE:
            digits, _, _ = self._line.partition(b";")
            if not _HEX.issuperset(digits.removesuffix(b"\r")):
                raise _broken()
        elif self._part is _Part.DATA_END and self._line != b"\r":
            raise _broken()

    def _end_line(self, line: bytes) -> None:
        match self._part:
            case _Part.SIZE:
                self._left = _size(line)
                self._part = _Part.DATA if self._left else _Part.TRAILER
            case _Part.DATA_END:
                if line:
                    raise _broken()
                self._part = _Part.SIZE
            case _Part.TRAILER:
                if line and (not _FIELD.match(line) or _FRAMING.match(line)):
                    raise _broken()
                self._trailer_bytes += len(line) + 2
                if not line:
                    self._part = _Part.DONE
            case _Part.DATA | _Part.DONE:
                raise AssertionError("no line is read here")


def _size(line: bytes) -> int:
    digits, _, _ = line.partition(b";")
    if not digits or len(digits) > _MAX_SIZE_DIGITS or not _HEX.issuperset(digits):
        raise _broken()
    if len(digits) < len(line) and not _EXTENSIONS.fullmatch(line, len(digits)):
        raise _broken()
    return int(digits, 16)


def _broken() -> MalformedHttp:
    return MalformedHttp("The body's framing is broken.")
