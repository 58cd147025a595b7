"""Recognizing a head that is the last one again but for its length."""

import pytest
from httptools import HttpResponseParser
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.http.repetition import ChunkedRepetition, Repetition, repetition_of
from gateway.http.request_parser import END, parse_head
from gateway.http.trace_fields import trace_fields

HEAD = (
    b"POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"content-length: 12\r\nX-Content-Length: 7\r\n\r\n"
)
OF_LENGTH = b"\r\ncontent-length: "


def remembered(raw: bytes = HEAD) -> Repetition[str]:
    found = repetition_of(raw, "head")
    assert found is not None
    return found


def of_length(digits: bytes) -> bytes:
    return HEAD.replace(b": 12\r", b": " + digits + b"\r")


@pytest.mark.parametrize("length", [1, 9, 12, 13, 4_000_000, 9_999_999_999])
def test_a_head_is_known_again_whatever_its_length(length: int) -> None:
    data = of_length(b"%d" % length) + b"body and more"

    assert remembered().match(data) == (length, b"body and more", [])


def test_what_it_was_read_as_is_remembered() -> None:
    assert remembered().head == "head"


@pytest.mark.parametrize(
    "digits",
    [
        *[b"0", b"00", b"012", b"", b"+12", b"-1", b"1 ", b"1_2", b"1,2", b"0x1", b"1.0"],
        *[b"\xb2", b"\xd9\xa1", b"1\n", b"1" * 11, b"1" * 40],
    ],
)
def test_what_is_no_plain_length_is_for_the_parser(digits: bytes) -> None:
    assert remembered().match(of_length(digits) + b"x" * 12) is None


def test_a_part_of_a_head_is_no_head() -> None:
    for end in range(len(HEAD)):
        assert remembered().match(HEAD[:end]) is None


@pytest.mark.parametrize(
    "raw",
    [
        HEAD.replace(b"content-length: 12\r\n", b""),
        HEAD.replace(b": 12", b": 0"),
        HEAD.replace(b"content-length: 12", b"transfer-encoding: chunked"),
        b"POST /?\r HTTP/1.1\r\nContent-Length : 12\r\n\r\n",
    ],
)
def test_a_head_without_a_length_that_could_change_is_not_remembered(raw: bytes) -> None:
    assert repetition_of(raw, "head") is None


def test_only_the_length_of_the_message_may_change() -> None:
    changed = HEAD.replace(b"X-Content-Length: 7", b"X-Content-Length: 8")

    assert remembered().match(changed) is None


@pytest.mark.requirement("H1")
def test_every_other_byte_must_be_the_same() -> None:
    repetition = remembered()
    length_at = HEAD.index(OF_LENGTH) + len(OF_LENGTH)
    for at in range(len(HEAD)):
        for byte in range(256):
            changed = HEAD[:at] + bytes([byte]) + HEAD[at + 1 :]
            is_length = at in (length_at, length_at + 1) and changed[length_at:][:2].isdigit()
            is_known = changed == HEAD or (is_length and changed[length_at] != ord("0"))

            assert (repetition.match(changed) is not None) is is_known


@given(
    st.integers(0, len(HEAD)),
    st.integers(0, 3),
    st.one_of(st.binary(max_size=4), st.text("0123456789 \t\r\n:;,", max_size=4).map(str.encode)),
)
def test_what_is_known_again_is_what_the_parser_would_read(
    start: int, size: int, piece: bytes
) -> None:
    """Bytes may go in, out or change: whoever is taken for the last head says what it said."""
    changed = HEAD[:start] + piece + HEAD[start + size :]
    found = remembered().match(changed)
    if found is None:
        return

    length, rest, _ = found
    head, end, behind = changed.partition(END)
    fields = parse_head(head + end, "").raw_headers
    same = [each for each in fields if each[0] != b"content-length"]
    assert rest == behind
    assert (b"content-length", b"%d" % length) in fields
    assert same == [
        each for each in parse_head(HEAD, "").raw_headers if each[0] != b"content-length"
    ]


@given(st.binary(max_size=40))
def test_a_head_that_the_parser_refuses_is_never_known_again(line: bytes) -> None:
    raw = HEAD.replace(b"Host: a", b"Host: a\r\n" + line)
    try:
        parse_head(raw.partition(END)[0] + END, "")
    except GatewayError:
        assert remembered().match(raw) is None


TRACED = HEAD.replace(
    b"Content-Type", b"X-Request-Id: one\r\ntraceparent:00-1-2-01\r\nContent-Type"
)


def traced() -> Repetition[str]:
    found = repetition_of(
        TRACED, "head", [(b"X-Request-Id", b"one"), (b"traceparent", b"00-1-2-01")]
    )
    assert found is not None
    return found


@pytest.mark.parametrize("value", [b"x", b"a, b=c", b"~" * 512])
def test_what_names_a_request_may_change(value: bytes) -> None:
    data = TRACED.replace(b": one\r", b": " + value + b"\r").replace(b": 12\r", b": 7\r")

    found = traced().match(data + b"1234567")

    assert found == (7, b"1234567", [(b"X-Request-Id", value), (b"traceparent", b"00-1-2-01")])


@pytest.mark.requirement("H1")
@pytest.mark.parametrize(
    "value",
    [
        *[b"", b" ", b" one", b"one ", b"one\t", b"a\tb", b"a\x00b", b"a\nb", b"a\rb", b"\xff"],
        *[b"~" * 513, b"one\r\nHost: b", b"one\nHost: b", b"one\r\n other"],
    ],
)
def test_a_value_that_is_no_plain_text_is_for_the_parser(value: bytes) -> None:
    data = TRACED.replace(b": one\r", b": " + value + b"\r") + b"x" * 12

    assert traced().match(data) is None


def test_a_part_of_a_head_with_trace_fields_is_no_head() -> None:
    for end in range(len(TRACED)):
        assert traced().match(TRACED[:end]) is None


@pytest.mark.parametrize(
    "trace",
    [
        [],
        [(b"X-Request-Id", b"one")],
        [(b"traceparent", b"00-1-2-01"), (b"X-Request-Id", b"one")],
        [(b"X-Request-Id", b"one more"), (b"traceparent", b"00-1-2-01")],
    ],
)
def test_a_head_whose_trace_fields_are_not_plainly_there_is_not_remembered(
    trace: list[tuple[bytes, bytes]],
) -> None:
    """What the parser read and what stands there must be the same, or nothing may change."""
    changed = TRACED.replace(b"one", b"two")
    found = repetition_of(TRACED, "head", trace)

    assert found is None or found.match(changed + b"x" * 12) is None


@given(
    st.integers(0, len(TRACED)),
    st.integers(0, 3),
    st.one_of(st.binary(max_size=4), st.text("0129 \t\r\n:;,x-", max_size=4).map(str.encode)),
)
def test_what_is_known_again_with_trace_fields_is_what_the_parser_would_read(
    start: int, size: int, piece: bytes
) -> None:
    changed = TRACED[:start] + piece + TRACED[start + size :]
    found = traced().match(changed)
    if found is None:
        return

    fields = parse_head(changed.partition(END)[0] + END, "").raw_headers
    before = parse_head(TRACED, "").raw_headers
    fixed = ("host", "content-type", "x-content-length")
    assert [each for each in fields if each[0].lower().decode() in fixed] == [
        each for each in before if each[0].lower().decode() in fixed
    ]
    assert len(fields) == len(before)
    assert trace_fields(fields) == found.trace
    assert (b"content-length", b"%d" % found.length) in fields


CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("chunks", "body"),
    [
        (b"3\r\nabc\r\n", b"abc"),
        (b"0003\r\nabc\r\n", b"abc"),
        (b"A\r\n0123456789\r\n1\r\n\n\r\n", b"0123456789\n"),
        (b"5\r\n0\r\n\r\n\r\n", b"0\r\n\r\n"),
        (b"", b""),
    ],
)
def test_a_chunked_message_is_known_again_whatever_its_body(chunks: bytes, body: bytes) -> None:
    repetition = ChunkedRepetition(CHUNKED_HEAD, "head")

    assert repetition.match(CHUNKED_HEAD + chunks + LAST_CHUNK) == body


@pytest.mark.requirement("H1")
@pytest.mark.parametrize(
    "rest",
    [
        *[b"3\r\nabc\r\n", b"3\r\nabcd\r\n0\r\n\r\n", b"3\r\nab\r\n0\r\n\r\n"],
        *[b"4\r\nabc\r\n0\r\n\r\n", b"3;x=1\r\nabc\r\n0\r\n\r\n", b"-3\r\nabc\r\n0\r\n\r\n"],
        *[b" 3\r\nabc\r\n0\r\n\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"3\nabc\r\n0\r\n\r\n"],
        *[b"\r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n00\r\n\r\n", b"\xb3\r\nabc\r\n0\r\n\r\n"],
        *[b"0\r\n\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n0\r\n\r\n", b"0000003\r\nabc\r\n0\r\n\r\n"],
        *[b"3\r\nabc\r\n0\r\nX: 1\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"],
        *[
            b"ffffff\r\nabc\r\n0\r\n\r\n",
            b"3\r\nabcXX0\r\n\r\n",
            b"1_0\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n",
        ],
        *[b"5\r\nab0\r\n\r\n", b"3\r\nab0\r\n\r\n"],  # a chunk that ends like the last one
    ],
)
def test_what_are_no_plain_chunks_to_the_end_is_for_the_parser(rest: bytes) -> None:
    assert ChunkedRepetition(CHUNKED_HEAD, "head").match(CHUNKED_HEAD + rest) is None


@pytest.mark.requirement("H1")
def test_every_byte_of_the_head_of_a_chunked_message_must_be_the_same() -> None:
    repetition = ChunkedRepetition(CHUNKED_HEAD, "head")
    for at in range(len(CHUNKED_HEAD)):
        changed = CHUNKED_HEAD[:at] + b"~" + CHUNKED_HEAD[at + 1 :]

        assert repetition.match(changed + b"3\r\nabc\r\n" + LAST_CHUNK) is None
        assert repetition.begins(changed) is None


@pytest.mark.parametrize("rest", [b"", b"3\r\nab", b"0\r\nX: y\r\n\r\n"])
def test_the_head_of_a_chunked_message_is_known_again_before_its_body_is(rest: bytes) -> None:
    assert ChunkedRepetition(CHUNKED_HEAD, "head").begins(CHUNKED_HEAD + rest) == rest


class Parsed:
    """What llhttp reads of one response."""

    def __init__(self) -> None:
        self.body = b""
        self.ends = 0

    def on_body(self, piece: bytes) -> None:
        self.body += piece

    def on_message_complete(self) -> None:
        self.ends += 1


@given(
    st.lists(st.binary(min_size=1, max_size=20), max_size=4),
    st.integers(0, 60),
    st.integers(0, 3),
    st.one_of(st.binary(max_size=3), st.text("0123456789af\r\n;", max_size=4).map(str.encode)),
)
def test_a_chunked_message_that_is_known_again_is_what_the_parser_would_read(
    pieces: list[bytes], start: int, size: int, piece: bytes
) -> None:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + LAST_CHUNK
    changed = CHUNKED_HEAD + chunks[:start] + piece + chunks[start + size :]
    body = ChunkedRepetition(CHUNKED_HEAD, "head").match(changed)
    if body is None:
        return

    parsed = Parsed()
    HttpResponseParser(parsed).feed_data(changed)
    assert (parsed.body, parsed.ends) == (body, 1)
