"""The head of an upstream's response from its bytes, and how its body is read. Pure.

llhttp reads a head, and only a whole one, so it can never run on into a body. Its leniency flags
stay off; what it does not enforce is in `parse_framing`.
"""

from collections.abc import Sequence
from enum import Enum

import msgspec
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from gateway.errors import UpstreamInvalid
from gateway.http.chunked import ChunkedBody
from gateway.http.message_head import Field, values_of
from gateway.http.status import BODILESS, LAST

END = b"\r\n\r\n"
_FIRST_FINAL = 200  # RFC 9110 §15
_BEGINNING = b"HTTP/1."
_SHORT_BYTES = 64 * 1024
_MAX_LENGTH_DIGITS = 19  # what fits 64 bits; Python refuses to read thousands of digits


class Framing(Enum):
    """How a body ends, and whether it is worth waiting for all of it."""

    WHOLE = "no body, or a short one of known length: handed over in one piece"
    STREAM = "chunked, long or an event stream: handed over piece by piece"
    UNTIL_CLOSE = "ends with the connection"


class CountedBody:
    """A body whose length is known; `feed` and `is_complete` as those of `ChunkedBody`."""

    __slots__ = ("_left",)

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def is_complete(self) -> bool:
        """Whether all of it has come."""
        return self._left == 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what `data` holds of the body, and what came behind the body's end."""
        piece, rest = data[: self._left], data[self._left :]
        self._left -= len(piece)
        return piece, rest


class UnboundedBody:
    """A body that ends with the connection."""

    __slots__ = ()
    is_complete = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return `data`: all of it belongs to the body."""
        return data, b""


Body = ChunkedBody | CountedBody | UnboundedBody


class ParsedResponse(msgspec.Struct, frozen=True):
    """What a response says before its body; `keep_alive`: RFC 9112 §9.3."""

    status: int
    headers: Sequence[Field]
    keep_alive: bool
    framing: Framing

    @property
    def is_interim(self) -> bool:
        """Whether another response follows it: RFC 9110 §15.2."""
        return self.status < _FIRST_FINAL

    @property
    def is_chunked(self) -> bool:
        """Whether the body tells its own end."""
        return self.framing is Framing.STREAM and bool(self._values(b"transfer-encoding"))

    def body(self) -> Body:
        """What reads the body."""
        if self.framing is Framing.UNTIL_CLOSE:
            return UnboundedBody()
        if self.is_chunked:
            return ChunkedBody()
        lengths = [] if self.status in BODILESS else self._values(b"content-length")
        return CountedBody(int(lengths[0]) if lengths else 0)

    def _values(self, name: bytes) -> list[bytes]:
        return list(values_of(self.headers, name))


def parse_response(raw: bytes) -> ParsedResponse:
    """Parse a whole head, blank line included.

    Raises `HttpParserError` for what is no HTTP/1.x, `UpstreamInvalid` for framing in doubt.
    """
    reading = _Reading()
    parser = reading.parser = HttpResponseParser(reading)
    try:
        parser.feed_data(raw)
    except HttpParserUpgrade:
        pass  # nothing is upgraded here; the status says so too
    finally:
        reading.parser = None  # else each head would be garbage that refers to itself
    if not reading.is_whole:
        raise HttpParserError("a head that ends before its end")
    status = parser.get_status_code()
    framing = Framing.WHOLE
    if status >= _FIRST_FINAL:
        framing = parse_framing(status, parser.get_http_version(), reading.headers)
    return ParsedResponse(status, reading.headers, reading.keep_alive, framing)


def parse_framing(status: int, version: str, headers: Sequence[Field]) -> Framing:
    """Decide how the body is framed.

    llhttp has refused doubled and malformed lengths and a length beside a coding already.
    Raises `UpstreamInvalid` for what it lets through.
    """
    if version not in ("1.1", "1.0") or status > LAST:
        raise UpstreamInvalid(
            "The MCP server does not speak HTTP/1.1.",
            reason="not_http",
            seen=f"status {status}, version {version}",
        )
    length: int | None = None
    codings: list[bytes] = []
    events = False
    for name, value in headers:
        match name.lower():
            case b"content-length":
                length = _parse_length(value)
            case b"transfer-encoding":
                codings.append(value)
            case b"content-type":
                events = value[:17].lower() == b"text/event-stream"
            case _:
                pass
    if codings:
        _check_codings(codings, version)
    if status in BODILESS:
        return Framing.WHOLE
    if length is None:
        return Framing.STREAM if codings else Framing.UNTIL_CLOSE
    return Framing.WHOLE if length <= _SHORT_BYTES and not events else Framing.STREAM


def check_beginning(raw: bytes) -> None:
    """Refuse at once what cannot become a head. Raises `HttpParserError`."""
    ends = raw.count(b"\r\n")
    has_other_ends = raw.count(b"\n") != ends or raw.removesuffix(b"\r").count(b"\r") > ends
    if has_other_ends or not (raw.startswith(_BEGINNING) or _BEGINNING.startswith(raw)):
        raise HttpParserError("no response begins so")


class _Reading:
    """What llhttp calls back."""

    __slots__ = ("_heads", "headers", "keep_alive", "parser")

    def __init__(self) -> None:
        self._heads = 0
        self.keep_alive = False
        self.parser: HttpResponseParser | None = None
        self.headers: list[Field] = []

    @property
    def is_whole(self) -> bool:
        return self._heads == 1

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._heads += 1
        # At the end of a message without a body llhttp forgets what it read of Connection.
        self.keep_alive = self.parser is not None and self.parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._heads += 1  # the head ended before its end


def _parse_length(value: bytes) -> int:
    if len(value) > _MAX_LENGTH_DIGITS:
        raise UpstreamInvalid("The MCP server announced an impossible length.", reason="not_http")
    return int(value)


def _check_codings(codings: Sequence[bytes], version: str) -> None:
    # `gzip, chunked` would reach the client without its coding's name; and RFC 9112 §6.1:
    # a coding in HTTP/1.0 means faulty framing.
    if len(codings) != 1 or codings[0].lower() != b"chunked" or version == "1.0":
        raise UpstreamInvalid("The MCP server's framing cannot be trusted.", reason="not_http")
