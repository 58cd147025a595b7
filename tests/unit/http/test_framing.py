import pytest

from gateway.errors import UpstreamInvalid
from gateway.http.framing import Framing, parse_framing

JSON = (b"Content-Type", b"application/json")
EVENTS = (b"content-type", b"Text/Event-Stream; charset=utf-8")
CHUNKED = (b"transfer-encoding", b"Chunked")


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
