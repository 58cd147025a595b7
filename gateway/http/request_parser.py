"""A request head from its bytes: llhttp reads it, and what it tolerates is refused. Pure."""

import re

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from gateway.errors import MalformedHttp
from gateway.http.head import HeadTooLarge, ParsedHead
from gateway.http.message_head import Field

MAX_LINE_BYTES = 16 * 1024  # RFC 9112 §3 recommends at least 8000 octets
MAX_FIELD_BYTES = 20 * 1024  # a 16 KiB token and its header name
MAX_HEAD_BYTES = 64 * 1024  # all of it, also while its end has not come
MAX_FIELDS = 128
_BEGINNING = re.compile(rb"[A-Z][A-Z-]{0,31}(?: |\r?\Z)")  # a method, or a part of one
END = b"\r\n\r\n"


def parse_head(raw: bytes, address: str) -> ParsedHead:
    """Parse a whole head, blank line included.

    Raises `MalformedHttp` for what is no HTTP/1.x and `HeadTooLarge`.
    """
    check_sizes(raw)
    reading = _Reading()
    parser = reading.parser = HttpRequestParser(reading)
    try:
        parser.feed_data(raw)
    except HttpParserUpgrade:
        pass  # nothing is upgraded here, so the request counts as it stands: RFC 9110 §7.8
    except HttpParserError as cause:
        raise MalformedHttp("The request is not well-formed HTTP.") from cause
    finally:
        reading.parser = None  # else each head would be garbage that refers to itself
    method, version = parser.get_method(), parser.get_http_version()
    line = b"%b %b HTTP/%b\r\n" % (method, reading.target, version.encode())
    # llhttp lets more blanks pass, HTTP/0.9, and a blank line that ends nothing.
    if not reading.is_whole or not raw.startswith(line):
        raise MalformedHttp("The request is not well-formed HTTP.")
    if len(reading.headers) > MAX_FIELDS:
        raise HeadTooLarge("The request has too many header fields.")
    # Of a head that is smaller than one field may be, each field is.
    if len(raw) > MAX_FIELD_BYTES and any(
        len(name) + len(value) > MAX_FIELD_BYTES for name, value in reading.headers
    ):
        raise HeadTooLarge("The request head is too large.")
    return ParsedHead(
        method.decode("ascii"),
        reading.target.decode("latin-1"),
        version,
        reading.headers,
        # What follows an offer to upgrade may be meant in the other protocol: RFC 9110 §7.8.
        reading.keep_alive and not parser.should_upgrade(),
        address,
    )


def check_sizes(raw: bytes) -> None:
    """Refuse a head, or the beginning of one, that is too large or no HTTP/1.x at all.

    Raises `HeadTooLarge`, and `MalformedHttp` for lines that do not end as HTTP's do.
    """
    first, _, _ = raw.partition(b"\n")
    if len(first) > MAX_LINE_BYTES or len(raw) > MAX_HEAD_BYTES:
        raise HeadTooLarge("The request head is too large.")
    ends = raw.count(b"\r\n")
    has_other_ends = raw.count(b"\n") != ends or raw.removesuffix(b"\r").count(b"\r") > ends
    if has_other_ends or (first and not _BEGINNING.match(first)):
        raise MalformedHttp("The request is not well-formed HTTP.")


class _Reading:
    """What llhttp calls back."""

    __slots__ = ("_heads", "headers", "keep_alive", "parser", "target")

    def __init__(self) -> None:
        self._heads = 0
        self.keep_alive = False
        self.parser: HttpRequestParser | None = None
        self.target = b""
        self.headers: list[Field] = []

    @property
    def is_whole(self) -> bool:
        return self._heads == 1

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        self._heads += 1
        # At the end of a message without a body llhttp forgets what it read of Connection.
        self.keep_alive = self.parser is not None and self.parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        self._heads += 1  # the head ended before its end
