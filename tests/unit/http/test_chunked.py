"""The chunked coding of a request body: what it holds, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.http.chunked import ChunkedBody

BROKEN = "broken"
PIECES = [b"", b" ", b"\r", b"\n", b"\r\n", b"0", b"A", b";", b"\0", b"g", b":", b"-"]


def read(*segments: bytes) -> tuple[bytes, bytes, bool]:
    """What a body holds, what came behind it, and whether it is complete."""
    chunked = ChunkedBody()
    held = rest = b""
    for segment in segments:
        piece, rest = chunked.feed(rest + segment)
        held += piece
    return held, rest, chunked.is_complete


def outcome(segments: list[bytes]) -> tuple[bytes, bytes, bool] | str:
    """The same, or that it is broken; what follows a complete body is one rest."""
    try:
        return read(*segments)
    except InvalidRequest:
        return BROKEN


BODIES = [
    (b"0\r\n\r\n", b""),
    (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
    (b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", b"abc0123456789"),
    (b"a\r\n\r\n0\r\n\r\n\r\n\r\r\n0\r\n\r\n", b"\r\n0\r\n\r\n\r\n\r"),
    (b"00000003\r\nabc\r\n000\r\n\r\n", b"abc"),
    (b'3;a=b;c="d;e \\" \xff";f\r\nabc\r\n0;x=""\r\n\r\n', b"abc"),
    (b"3\r\nabc\r\n0\r\nX-A: b\r\nX-C:\td\xff\r\n\r\n", b"abc"),
]


@pytest.mark.parametrize(("body", "held"), BODIES)
def test_a_body_may_come_in_any_two_segments(body: bytes, held: bytes) -> None:
    for cut in range(len(body) + 1):
        assert read(body[:cut], body[cut:]) == (held, b"", True)


@pytest.mark.parametrize(("body", "held"), BODIES)
def test_a_body_may_come_byte_by_byte(body: bytes, held: bytes) -> None:
    assert read(*(body[at : at + 1] for at in range(len(body)))) == (held, b"", True)


@pytest.mark.parametrize(("body", "held"), BODIES)
def test_what_follows_a_body_is_left(body: bytes, held: bytes) -> None:
    assert read(body + b"GET / HTTP/1.1\r\n") == (held, b"GET / HTTP/1.1\r\n", True)


@pytest.mark.parametrize(("body", "held"), BODIES)
def test_a_body_is_complete_at_its_last_byte_only(body: bytes, held: bytes) -> None:
    for end in range(len(body)):
        piece, rest, is_complete = read(body[:end])

        assert held.startswith(piece)
        assert (rest, is_complete) == (b"", False)


@pytest.mark.requirement("H3", "H4")
@pytest.mark.parametrize(
    "body",
    [
        b"\r\nabc\r\n0\r\n\r\n",
        b"3\nabc\r\n0\r\n\r\n",
        b"3\rabc\r\n0\r\n\r\n",
        b"3\r\r\nabc\r\n0\r\n\r\n",
        b"3\r\nabc\n0\r\n\r\n",
        b"3\r\nabc\r0\r\n\r\n",
        b"3\r\nabc0\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n",
        b"3\r\nab\r\n0\r\n\r\n",
        b" 3\r\nabc\r\n0\r\n\r\n",
        b"3 \r\nabc\r\n0\r\n\r\n",
        b"3 ;a\r\nabc\r\n0\r\n\r\n",
        b"\t3\r\nabc\r\n0\r\n\r\n",
        b"+3\r\nabc\r\n0\r\n\r\n",
        b"-3\r\nabc\r\n0\r\n\r\n",
        b"0x3\r\nabc\r\n0\r\n\r\n",
        b"3_0\r\nabc\r\n0\r\n\r\n",
        b"3,3\r\nabc\r\n0\r\n\r\n",
        b"g\r\nabc\r\n0\r\n\r\n",
        b"\xb2\r\nabc\r\n0\r\n\r\n",
        b";a\r\nabc\r\n0\r\n\r\n",
        b"1" + b"0" * 15 + b"\r\n",
        b"0" * 16 + b"3\r\nabc\r\n0\r\n\r\n",
        b"3;" + b"a" * 256 + b"\r\nabc\r\n0\r\n\r\n",
        b"3;a=\nb\r\nabc\r\n0\r\n\r\n",
        b"3;a=\rb\r\nabc\r\n0\r\n\r\n",
        b"3;\0\r\nabc\r\n0\r\n\r\n",
        b"3;\r\nabc\r\n0\r\n\r\n",
        b"3;;a\r\nabc\r\n0\r\n\r\n",
        b"3; a\r\nabc\r\n0\r\n\r\n",
        b"3;a \r\nabc\r\n0\r\n\r\n",
        b"3;a =b\r\nabc\r\n0\r\n\r\n",
        b"3;a= b\r\nabc\r\n0\r\n\r\n",
        b"3;a=\r\nabc\r\n0\r\n\r\n",
        b"3;=b\r\nabc\r\n0\r\n\r\n",
        b"3;a=b=c\r\nabc\r\n0\r\n\r\n",
        b"3;a:b\r\nabc\r\n0\r\n\r\n",
        b"3;a\x8b\r\nabc\r\n0\r\n\r\n",
        b'3;a="b\r\nabc\r\n0\r\n\r\n',
        b'3;a="b"c\r\nabc\r\n0\r\n\r\n',
        b'3;a="\\"\r\nabc\r\n0\r\n\r\n',
        b"0\r\n\n",
        b"0\n\r\n",
        b"0\r\nContent-Length: 5\r\n\r\n",
        b"0\r\ntransfer-encoding: chunked\r\n\r\n",
        b"0\r\nX: a\n\r\n",
        b"0\r\nX: a\rb\r\n\r\n",
        b"0\r\nX: \0\r\n\r\n",
        b"0\r\nX: a\r\n b\r\n\r\n",
        b"0\r\n X: a\r\n\r\n",
        b"0\r\nX : a\r\n\r\n",
        b"0\r\n: a\r\n\r\n",
        b"0\r\nX\r\n\r\n",
        b"0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"0\r\n" + b"X: a\r\n" * 1400 + b"\r\n",
        b"0\r\nX: " + b"a" * 8192 + b"\r\n\r\n",
    ],
)
def test_framing_that_others_may_read_otherwise_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read(body)
    with pytest.raises(InvalidRequest):
        read(*(body[at : at + 1] for at in range(len(body))))


@pytest.mark.requirement("A1")
@pytest.mark.parametrize(
    "beginning",
    [
        *[b"3;" + b"a" * 256, b"0" * 257, b"0\r\nX: " + b"a" * 8192],
        *[b"3\r\nabc\r\r", b"3\r\nabcd", b"z", b" ", b"3\r\r", b"{"],
    ],
)
def test_what_cannot_become_a_line_is_not_waited_for(beginning: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read(beginning)


def test_a_large_chunk_is_not_kept() -> None:
    chunked = ChunkedBody()
    piece, _ = chunked.feed(b"fffffffffffffff\r\n" + b"a" * 1000)

    assert piece == b"a" * 1000
    assert chunked.feed(b"b" * 1000) == (b"b" * 1000, b"")


@given(st.data())
def test_however_a_body_is_cut_it_means_the_same(data: st.DataObject) -> None:
    body = bytearray(b"".join(data.draw(st.lists(st.sampled_from([body for body, _ in BODIES])))))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.sampled_from(PIECES))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=6)))
    pairs = zip([0, *cuts], [*cuts, len(body)], strict=True)

    assert outcome([bytes(body[start:end]) for start, end in pairs]) == outcome([bytes(body)])
