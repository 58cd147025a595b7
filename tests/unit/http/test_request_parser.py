"""Reading a request head: what is refused, what it holds, and whether another may follow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, InvalidRequest
from gateway.http.head import HeadTooLarge, ParsedHead
from gateway.http.request_parser import (
    END,
    MAX_FIELD_BYTES,
    MAX_FIELDS,
    MAX_HEAD_BYTES,
    MAX_LINE_BYTES,
    check_sizes,
    parse_head,
)

PIECES = [b"", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\0", b":"]
PLAIN = "POST /mcp HTTP/1.1\r\nHost: a\r\n"


def parse(text: str) -> ParsedHead:
    return parse_head(text.encode("latin-1"), "192.0.2.1")


def with_lines(*lines: str, method: str = "POST", version: str = "1.1") -> str:
    return "\r\n".join([f"{method} /mcp HTTP/{version}", "Host: a", *lines, "", ""])


def test_a_head_is_read_as_it_came() -> None:
    read = parse(
        "POST /mcp?a=%41#x HTTP/1.1\r\nHost: a\r\nX-A:\t b c \t\r\nx-a:\r\nX: \xff\r\n\r\n"
    )

    assert read == ParsedHead(
        "POST",
        "/mcp?a=%41#x",
        "1.1",
        [(b"Host", b"a"), (b"X-A", b"b c"), (b"x-a", b""), (b"X", b"\xff")],
        True,
        "192.0.2.1",
    )


@pytest.mark.requirement("H3", "H6", "H12")
@pytest.mark.parametrize(
    "text",
    [
        "POST  /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /mcp  HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /mcp HTTP/1.1 \r\nHost: a\r\n\r\n",
        "POST\t/mcp HTTP/1.1\r\nHost: a\r\n\r\n",
        " POST /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\nPOST /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /mcp\r\nHost: a\r\n\r\n",
        "POST /mcp \r\nHost: a\r\n\r\n",
        "POST /m cp HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /mcp http/1.1\r\nHost: a\r\n\r\n",
        "POST /mcp HTTP/1.10\r\nHost: a\r\n\r\n",
        "POST /mcp HTTP/01.1\r\nHost: a\r\n\r\n",
        "POST /mcp HTTP/1\r\nHost: a\r\n\r\n",
        "POST /mcp RTSP/1.0\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
        "post /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
        "FROB /mcp HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /mcp HTTP/1.1\nHost: a\r\n\r\n",
        "POST /mcp HTTP/1.1\r\nHost: a\n\r\n",
        "POST /mcp HTTP/1.1\rHost: a\r\n\r\n",
        PLAIN + "X: a\rb\r\n\r\n",
        PLAIN + "X: a\r\r\n\r\n",
        PLAIN + "X: a\x00b\r\n\r\n",
        PLAIN + "X: a\x7fb\r\n\r\n",
        PLAIN + "X: a\r\n b\r\n\r\n",
        PLAIN + "X:\r\n\tb\r\n\r\n",
        "POST /mcp HTTP/1.1\r\n Host: a\r\n\r\n",
        PLAIN + "X : b\r\n\r\n",
        PLAIN + "X Y: b\r\n\r\n",
        PLAIN + ": b\r\n\r\n",
        PLAIN + "X\r\n\r\n",
        PLAIN + "X-\xe9: b\r\n\r\n",
        PLAIN + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
        PLAIN + "Content-Length: 5, 5\r\n\r\n",
        PLAIN + "Content-Length: +5\r\n\r\n",
        PLAIN + "Content-Length: \r\n\r\n",
        PLAIN + f"Content-Length: {2**64}\r\n\r\n",
        PLAIN + "\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
        "",
        "\r\n\r\n",
    ],
)
def test_what_another_reader_may_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse(text)


def test_a_head_without_its_end_is_none() -> None:
    with pytest.raises(InvalidRequest):
        parse(PLAIN)


@pytest.mark.requirement("H6", "A1")
@pytest.mark.parametrize(
    "text",
    [
        f"GET /{'a' * MAX_LINE_BYTES} HTTP/1.1\r\nHost: a\r\n\r\n",
        PLAIN + f"X: {'a' * MAX_FIELD_BYTES}\r\n\r\n",
        PLAIN + "X: a\r\n" * MAX_FIELDS + "\r\n",
        PLAIN + f"X: {'a' * 16_000}\r\n" * 5 + "\r\n",
    ],
)
def test_a_head_has_limits(text: str) -> None:
    with pytest.raises(HeadTooLarge):
        parse(text)


def test_what_is_within_the_limits_is_read() -> None:
    fields = with_lines(*["X: a"] * (MAX_FIELDS - 1))
    line = f"GET /{'a' * 16_000} HTTP/1.1\r\nHost: a\r\n\r\n"
    field = with_lines(f"X: {'a' * (MAX_FIELD_BYTES - 1)}")

    assert len(parse(fields).raw_headers) == MAX_FIELDS
    assert len(parse(line).target) == 16_001
    assert len(parse(field).raw_headers[1][1]) == MAX_FIELD_BYTES - 1


@pytest.mark.requirement("A6")
@pytest.mark.parametrize("body", [[], ["Content-Length: 0"], ["Content-Length: 3"]])
@pytest.mark.parametrize(
    ("version", "lines", "goes_on"),
    [
        ("1.1", [], True),
        ("1.1", ["Connection: keep-alive"], True),
        ("1.1", ["Connection: close"], False),
        ("1.1", ["Connection: keep-alive, Close"], False),
        ("1.1", ["Connection: close", "Connection: keep-alive"], False),
        ("1.1", ["Connection: upgrade"], True),
        ("1.1", ["Upgrade: x"], True),
        ("1.1", ["Connection: upgrade", "Upgrade: x"], False),
        ("1.1", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"], False),
        ("1.0", [], False),
        ("1.0", ["Connection: close"], False),
    ],
)
def test_the_head_says_whether_another_may_follow(
    version: str, lines: list[str], goes_on: bool, body: list[str]
) -> None:
    assert parse(with_lines(*lines, *body, version=version)).keep_alive is goes_on


def test_nothing_follows_connect() -> None:
    assert not parse("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n").keep_alive


@pytest.mark.parametrize(
    "beginning", ["", "P", "POST", "POST ", "M-SEARCH", PLAIN, PLAIN + "X: a\r", PLAIN + "X"]
)
def test_the_beginning_of_a_head_may_go_on(beginning: str) -> None:
    check_sizes(beginning.encode())


@pytest.mark.requirement("H12", "H14")
@pytest.mark.parametrize(
    "beginning",
    [
        "\x16\x03\x01\x02\x00\x01",
        "post ",
        "1",
        " ",
        "A" * 40,
        "POST /mcp HTTP/1.1\n",
        "POST /mcp HTTP/1.1\rH",
        PLAIN + "X: a\rb",
        PLAIN + "\n",
        '{"jsonrpc":"2.0"}',
    ],
)
def test_what_begins_no_head_is_not_waited_for(beginning: str) -> None:
    with pytest.raises(InvalidRequest):
        check_sizes(beginning.encode("latin-1"))


@pytest.mark.requirement("A1")
@pytest.mark.parametrize(
    "beginning", ["GET /" + "a" * MAX_LINE_BYTES, PLAIN + "X: " + "a" * MAX_HEAD_BYTES]
)
def test_a_head_that_has_grown_too_large_is_not_waited_for(beginning: str) -> None:
    with pytest.raises(HeadTooLarge):
        check_sizes(beginning.encode())


@given(st.data())
def test_whatever_a_head_is_changed_to_it_is_read_as_it_stands_or_refused(
    data: st.DataObject,
) -> None:
    """What is read can be written down again as the same bytes, but for blanks around values."""
    changed = bytearray(with_lines("Content-Length: 12", "X-A: b").encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        end = at + data.draw(st.integers(0, 2))
        changed[at:end] = data.draw(st.sampled_from(PIECES)) or data.draw(st.binary(max_size=2))
    head, end_of_head, _ = bytes(changed).partition(END)
    try:
        read = parse_head(head + end_of_head, "")
    except GatewayError:
        return

    line, *fields = head.split(b"\r\n")
    assert line.decode("latin-1") == f"{read.method} {read.target} HTTP/{read.version}"
    pairs = (field.partition(b":") for field in fields)
    assert [(name, value.strip(b" \t")) for name, _, value in pairs] == list(read.raw_headers)
