import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UpstreamInvalid
from gateway.mcp.sse import DataRewriter, EndpointRewriter, EventBoundary, Rewriters

ENDPOINT = b"event: endpoint\ndata: /messages?id=1\n\n"
MESSAGE = b'data: {"jsonrpc":"2.0","method":"ping","id":1}\n\n'


def _sealed(endpoint: str) -> str:
    return f"/mcp?was={endpoint.upper()}"


def _fed(*chunks: bytes) -> list[bytes]:
    rewriter = EndpointRewriter(_sealed)
    return [rewriter.feed(chunk) for chunk in chunks]


def _with_rewriter(*chunks: bytes) -> list[bytes]:
    """What leaves with each piece, and at the end."""
    rewriter = DataRewriter(bytes.upper, 1000)
    return [*map(rewriter.feed, chunks), rewriter.finish()]


def _boundary_after(*chunks: bytes) -> bool:
    boundary = EventBoundary()
    for chunk in chunks:
        boundary.feed(chunk)
    return boundary.at_boundary


@pytest.mark.requirement("39", "44")
def test_a_stream_starts_at_a_boundary() -> None:
    assert EventBoundary().at_boundary


@pytest.mark.requirement("39", "44")
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_only_a_blank_line_is_a_boundary(end: bytes) -> None:
    assert _boundary_after(b"data: x" + end + end)
    assert not _boundary_after(b"data: x" + end)
    assert not _boundary_after(b"data: x")
    assert not _boundary_after(b"data: x" + end + end, b"data")


@pytest.mark.requirement("39", "44")
@pytest.mark.parametrize(
    "event", [b"data: x\n\n", b"data: x\r\n\r\n", b"data: x\r\r", b"data: x\n\r", b"data: x\r\r\n"]
)
def test_the_boundary_is_found_however_the_bytes_are_cut(event: bytes) -> None:
    boundary = EventBoundary()

    seen = []
    for index in range(len(event)):
        boundary.feed(event[index : index + 1])
        seen.append(boundary.at_boundary)

    assert seen.index(True) >= len(b"data: x") + 1
    assert seen[-1]


@pytest.mark.requirement("S1")
def test_the_endpoint_is_replaced_and_what_follows_is_not() -> None:
    assert _fed(ENDPOINT + MESSAGE, ENDPOINT) == [
        b"event: endpoint\ndata: /mcp?was=/MESSAGES?ID=1\n\n" + MESSAGE,
        ENDPOINT,
    ]


@pytest.mark.requirement("S1")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("lines", [["event:endpoint", "data:/a"], ["data: /a", "event: endpoint"]])
def test_the_endpoint_is_found_however_the_bytes_are_cut(end: str, lines: list[str]) -> None:
    stream = "\ufeff: hello\n\nretry: 5\n\n" + end.join(["id: 7", *lines, "", "data: b", "", ""])

    pieces = _fed(*(bytes([byte]) for byte in stream.encode()))

    expected = stream.replace("data: /a", "data:/a").replace("data:/a", "data: /mcp?was=/A")
    assert b"".join(pieces).decode() == expected


@pytest.mark.requirement("S1")
def test_an_endpoint_with_bare_cr_does_not_wait_for_the_next_byte() -> None:
    assert _fed(b"event: endpoint\rdata: /a\r\r", b"\ndata: b") == [
        b"event: endpoint\rdata: /mcp?was=/A\r\r",
        b"\ndata: b",
    ]


@pytest.mark.requirement("S1")
def test_comments_pass_at_once() -> None:
    assert _fed(b": ping\r", b"\n", b"\n: pi", b"ng\n") == [b": ping\r", b"\n", b"\n", b": ping\n"]


@pytest.mark.requirement("S1")
def test_a_comment_inside_an_event_keeps_its_place() -> None:
    assert _fed(b"id: 1\n: c\n", b"data: /a\nevent: endpoint\n\n") == [
        b"",
        b"id: 1\n: c\ndata: /mcp?was=/A\nevent: endpoint\n\n",
    ]


@pytest.mark.requirement("S1", "39")
@pytest.mark.parametrize(
    "start", [b"event: message\n", b'id: 1\ndata: {"', b"data:[", b"data: \n\n"]
)
def test_another_event_passes_as_soon_as_it_shows(start: bytes) -> None:
    assert _fed(start, b"event: end", ENDPOINT) == [start, b"event: end", ENDPOINT]


@pytest.mark.requirement("39")
@given(st.lists(st.binary(max_size=40)))
def test_a_stream_without_endpoint_is_not_changed(chunks: list[bytes]) -> None:
    chunks = [chunk.replace(b"endpoint", b"") for chunk in chunks]

    assert b"".join(_fed(MESSAGE, *chunks)) == MESSAGE + b"".join(chunks)


@pytest.mark.requirement("S2")
def test_an_event_without_end_is_cut_off() -> None:
    rewriter = EndpointRewriter(_sealed)
    rewriter.feed(b"event: endpoint\n")

    with pytest.raises(UpstreamInvalid):
        rewriter.feed(b"data: " + b"a" * 64 * 1024)


@pytest.mark.requirement("S2", "39")
def test_a_long_message_is_not_held_back() -> None:
    message = b'id: 1\ndata: {"' + b"a" * 100_000

    assert _fed(message) == [message]


@pytest.mark.requirement("S9")
@pytest.mark.parametrize("data", [b"data: /a\ndata: /b", b"data: /\xff"])
def test_an_endpoint_that_is_no_single_address_is_refused(data: bytes) -> None:
    with pytest.raises(UpstreamInvalid):
        _fed(b"event: endpoint\n" + data + b"\n\n")


def test_an_empty_piece_stays_empty() -> None:
    assert _fed(b"") == [b""]


@pytest.mark.requirement("S2")
@pytest.mark.parametrize(
    "pieces",
    [
        [b"data: " + b"a" * 100],
        [b"data: aaaa\n"] * 10,
        [b"id: 1\n", b": comment\n" * 10],
        [b"a"] * 101,
    ],
    ids=["line", "lines", "comments inside", "bytes"],
)
def test_an_event_that_never_ends_is_not_collected(pieces: list[bytes]) -> None:
    rewriter = DataRewriter(bytes.upper, 100)

    with pytest.raises(UpstreamInvalid):
        b"".join(map(rewriter.feed, pieces))


@pytest.mark.requirement("S2")
def test_only_the_event_that_is_under_way_counts() -> None:
    rewriter = DataRewriter(bytes.upper, 100)

    pieces = [rewriter.feed(b": c\ndata: " + b"a" * 80 + b"\n\n") for _ in range(3)]

    assert pieces == [b": c\ndata: " + b"A" * 80 + b"\n\n"] * 3


ENDS = [b"\n", b"\r\n", b"\r"]


@pytest.mark.requirement("B6")
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("blank", [*ENDS, b"\r"])
def test_a_complete_event_leaves_at_once_whatever_ends_its_lines(end: bytes, blank: bytes) -> None:
    event = b": c" + end + b"id: 1" + end + b"data: x" + end + blank

    # With `\r` and `\n` the blank line would be the rest of the line before it.
    whole = event if end + blank != b"\r\n" else event + b"\n"
    first, second, left = _with_rewriter(whole, b"data: y")

    assert first.replace(b"\r\n", b"\n").replace(b"\r", b"\n") == b": c\nid: 1\ndata: X\n\n"
    assert (second, left) == (b"", b"data: Y\n")


@pytest.mark.requirement("B6")
@pytest.mark.parametrize("end", [*ENDS, b"\n\r"])
@given(data=st.data())
def test_events_are_found_however_the_bytes_are_cut(end: bytes, data: st.DataObject) -> None:
    blank = b"" if end == b"\n\r" else end
    stream = b"data: a" + end + blank + b": c" + end + b"data: b" + end + blank
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1))))
    chunks = [stream[i:j] for i, j in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    out = b"".join(_with_rewriter(*chunks))

    lines = [line for line in out.replace(b"\r", b"\n").split(b"\n") if line]
    assert lines == [b"data: A", b": c", b"data: B"]


@pytest.mark.requirement("B6")
@pytest.mark.parametrize(
    ("last", "left"),
    [
        (b"data: x", b"data: X\n"),
        (b"data: x\n", b"data: X\n"),
        (b"id: 1\rdata: x\r", b"id: 1\rdata: X\n"),
        (b"id: 1", b"id: 1"),
        (b": comm", b": comm"),
        (b"", b""),
    ],
)
def test_nothing_is_swallowed_at_the_end(last: bytes, left: bytes) -> None:
    assert b"".join(_with_rewriter(b"data: a\n\n" + last)) == b"data: A\n\n" + left


@pytest.mark.requirement("B6", "S1")
@pytest.mark.parametrize(
    ("sent", "given"),
    [
        (b"event: endpoint\ndata: /a", b"event: endpoint\ndata: /mcp?was=/A"),
        (b"data: /a\nevent: endpoint", b"data: /mcp?was=/A\nevent: endpoint"),
        (b"id: 1\n", b"id: 1\n"),
        (b"event: end", b"event: end"),
        (b": c", b": c"),
        (ENDPOINT, b"event: endpoint\ndata: /mcp?was=/MESSAGES?ID=1\n\n"),
    ],
)
def test_an_endpoint_that_lacks_its_end_is_replaced_too(sent: bytes, given: bytes) -> None:
    rewriter = EndpointRewriter(_sealed)

    assert rewriter.feed(sent) + rewriter.finish() == given


def test_rewriters_work_after_one_another() -> None:
    both = Rewriters([EndpointRewriter(_sealed), DataRewriter(bytes.upper, 100)])

    out = both.feed(b"event: endpoint\ndata: /a\n\nda") + both.feed(b"ta: b") + both.finish()

    assert out == b"event: endpoint\ndata: /MCP?WAS=/A\n\ndata: B\n"
