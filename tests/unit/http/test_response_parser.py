"""The head of an upstream's response from its bytes, and how its body is read."""

import pytest
from httptools import HttpParserError, HttpResponseParser
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import MalformedHttp, UpstreamInvalid
from gateway.http.response_parser import (
    Framing,
    check_beginning,
    parse_framing,
    parse_response,
)

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 3\r\n"
CODING = b"Transfer-Encoding: chunked\r\n"
JSON = (b"Content-Type", b"application/json")
EVENTS = (b"content-type", b"Text/Event-Stream; charset=utf-8")
CHUNKED = (b"transfer-encoding", b"Chunked")


def test_a_head_is_read_as_it_came() -> None:
    parsed = parse_response(OK + b"X-A: b\r\nx-a:c\r\n" + LENGTH + b"\r\n")

    assert parsed.status == 200
    assert parsed.headers == [(b"X-A", b"b"), (b"x-a", b"c"), (b"Content-Length", b"3")]
    assert parsed.framing is Framing.WHOLE
    assert not parsed.is_chunked


@pytest.mark.parametrize(
    ("raw", "keeps"),
    [
        (OK + LENGTH, True),
        (OK + CODING, True),
        (OK, False),
        (OK + LENGTH + b"Connection: close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n" + LENGTH, False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n" + LENGTH, True),
        (b"HTTP/1.1 204 No Content\r\n", True),
        (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n", False),
    ],
)
def test_whether_the_connection_goes_on_is_read_of_the_head(raw: bytes, keeps: bool) -> None:
    """RFC 9112 §9.3."""
    assert parse_response(raw + b"\r\n").keep_alive is keeps


@pytest.mark.parametrize(
    ("raw", "came", "piece", "rest", "is_complete"),
    [
        (OK + LENGTH, b"abcd", b"abc", b"d", True),
        (OK + LENGTH, b"ab", b"ab", b"", False),
        (OK + CODING, b"3\r\nabc\r\n0\r\n\r\nd", b"abc", b"d", True),
        (OK, b"abc", b"abc", b"", False),
        (b"HTTP/1.1 204 No\r\n" + LENGTH, b"abc", b"", b"abc", True),
        (b"HTTP/1.1 304 No\r\n", b"abc", b"", b"abc", True),
    ],
)
def test_the_body_ends_as_the_head_says(
    raw: bytes, came: bytes, piece: bytes, rest: bytes, is_complete: bool
) -> None:
    """RFC 9112 §6.3."""
    body = parse_response(raw + b"\r\n").body()

    assert body.feed(came) == (piece, rest)
    assert body.is_complete is is_complete


@pytest.mark.parametrize("status", [100, 103, 199])
def test_an_interim_response_is_told_from_a_final_one(status: int) -> None:
    assert parse_response(b"HTTP/1.1 %d X\r\n\r\n" % status).is_interim
    assert not parse_response(OK + LENGTH + b"\r\n").is_interim


@pytest.mark.requirement("H13")
@pytest.mark.parametrize(
    "raw",
    [
        b"ICY 200 OK\r\n\r\n",
        b"\r\n\r\n",
        OK + b"X-A : b\r\n\r\n",
        OK + b"X-A: b\r\n c\r\n\r\n",
        OK + LENGTH + LENGTH + b"\r\n",
        OK + LENGTH + CODING + b"\r\n",
    ],
)
def test_what_is_no_head_is_refused(raw: bytes) -> None:
    with pytest.raises(HttpParserError):
        parse_response(raw)


@pytest.mark.requirement("167", "H13")
def test_framing_in_doubt_is_refused() -> None:
    with pytest.raises(UpstreamInvalid):
        parse_response(OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, [JSON, (b"Content-Length", b"65536")], Framing.WHOLE),
        (200, [JSON, (b"Content-Length", b"65537")], Framing.STREAM),
        (200, [EVENTS, (b"Content-Length", b"5")], Framing.STREAM),
        (200, [JSON, CHUNKED], Framing.STREAM),
        (200, [JSON], Framing.UNTIL_CLOSE),
        (202, [(b"CONTENT-LENGTH", b"0")], Framing.WHOLE),
        (204, [], Framing.WHOLE),
        (304, [(b"Content-Length", b"99999")], Framing.WHOLE),
    ],
)
def test_head_tells_how_the_body_ends(
    status: int, headers: list[tuple[bytes, bytes]], expected: Framing
) -> None:
    """RFC 9112 §6.3."""
    assert parse_framing(status, "1.1", headers) is expected


@pytest.mark.requirement("167", "H13")
@pytest.mark.parametrize(
    ("version", "status", "headers"),
    [
        ("2.0", 200, [JSON]),
        ("1.1", 600, [JSON]),
        ("1.0", 200, [CHUNKED]),
        ("1.1", 200, [CHUNKED, CHUNKED]),
        ("1.1", 200, [(b"Transfer-Encoding", b"gzip, chunked")]),
        ("1.1", 204, [(b"Transfer-Encoding", b"gzip")]),
        ("1.1", 200, [(b"Content-Length", b"1" * 20)]),
    ],
)
def test_framing_that_llhttp_lets_through_is_refused(
    version: str, status: int, headers: list[tuple[bytes, bytes]]
) -> None:
    with pytest.raises(UpstreamInvalid):
        parse_framing(status, version, headers)


@pytest.mark.parametrize("length", range(1, len(OK + LENGTH)))
def test_every_beginning_of_a_head_may_go_on(length: int) -> None:
    check_beginning((OK + LENGTH)[:length])


@pytest.mark.requirement("H13")
@pytest.mark.parametrize(
    "raw", [b"S", b"HTTP/2", b"\x16\x03\x01", b"\r\n", b"HTTP/1.1 200 OK\n", OK + b"A: b\rc"]
)
def test_what_cannot_become_a_head_is_refused_at_once(raw: bytes) -> None:
    with pytest.raises(HttpParserError):
        check_beginning(raw)


class Parsed:
    """What llhttp reads of a whole response."""

    def __init__(self) -> None:
        self.body = b""
        self.ends = 0

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.ends += 1


@pytest.mark.requirement("H13")
@given(
    st.sampled_from([OK + CODING, OK + LENGTH]),
    st.lists(st.binary(min_size=1, max_size=20), max_size=4),
    st.integers(0, 60),
    st.integers(0, 3),
    st.one_of(st.binary(max_size=3), st.text("0123456789af\r\n;", max_size=4).map(str.encode)),
)
def test_a_body_that_is_complete_is_what_llhttp_reads(
    start: bytes, pieces: list[bytes], at: int, size: int, changed: bytes
) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"
    chunks = chunks[:at] + changed + chunks[at + size :]
    body = parse_response(start + b"\r\n").body()
    try:
        piece, rest = body.feed(chunks)
    except MalformedHttp:
        return
    if not body.is_complete:
        return

    parsed = Parsed()
    HttpResponseParser(parsed).feed_data(start + b"\r\n" + chunks[: len(chunks) - len(rest)])

    assert (parsed.body, parsed.ends) == (piece, 1)
