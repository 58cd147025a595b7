import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UpstreamInvalid
from gateway.http.message_head import Field
from gateway.proxy.upstream.response_headers import response_headers

NOT_STORED = (b"Cache-Control", b"no-store")


@pytest.mark.requirement("39")
@pytest.mark.parametrize(
    "name",
    [
        b"Content-Type",
        b"Mcp-Session-Id",
        b"X-Accel-Buffering",
        b"ETag",
        b"Server",
        b"Content-Encoding",
        b"X_Custom",
    ],
)
def test_what_is_meant_for_the_client_passes(name: bytes) -> None:
    assert response_headers([(name, b"v")]) == [(name, b"v"), NOT_STORED]


@pytest.mark.requirement("159", "H13", "A12")
@pytest.mark.parametrize(
    "name",
    [
        b"WWW-Authenticate",
        b"Proxy-Authenticate",
        b"Set-Cookie",
        b"Access-Control-Allow-Origin",
        b"Alt-Svc",
        b"Strict-Transport-Security",
        b"Content-Length",
        b"Keep-Alive",
        b"Transfer-Encoding",
        b"Upgrade",
        b"X-Gateway-Anything",
        b"Refresh",
        b"DPoP-Nonce",
        b"Authentication-Info",
        b"Service-Worker-Allowed",
        b"Public-Key-Pins",
        b"Public-Key-Pins-Report-Only",
        b"X-Accel-Redirect",
        b"X_Sendfile",
        b"Location",
        b"Speculation-Rules",
        b"X-Content-Type-Options",
        b"Surrogate-Control",
    ],
)
@given(upper=st.booleans())
def test_what_speaks_for_the_gateway_or_the_hop_is_dropped(name: bytes, upper: bool) -> None:
    assert response_headers([(name.upper() if upper else name.lower(), b"v")]) == [NOT_STORED]


@pytest.mark.requirement("158")
def test_headers_that_connection_names_are_dropped() -> None:
    received = [(b"X-Hop", b"1"), (b"Connection", b"close, x-hop"), (b"X-Stays", b"1")]

    assert response_headers(received) == [(b"X-Stays", b"1"), NOT_STORED]


@pytest.mark.requirement("H13")
def test_two_content_types_are_refused() -> None:
    with pytest.raises(UpstreamInvalid):
        response_headers([(b"Content-Type", b"text/html"), (b"content-type", b"text/html")])


@pytest.mark.requirement("H13")
@pytest.mark.parametrize(
    "header", [(b"X-A", b"a\r\nSet-Cookie: b"), (b"X-A", b"\x1b[2J"), (b"X A", b"a"), (b"", b"a")]
)
def test_header_that_cannot_be_one_is_refused(header: Field) -> None:
    with pytest.raises(UpstreamInvalid):
        response_headers([header])


@pytest.mark.requirement("H13")
@given(st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=12)), max_size=5))
def test_no_line_break_passes(received: list[Field]) -> None:
    try:
        kept = response_headers(received)
    except UpstreamInvalid:
        return

    assert not any(re.search(rb"[\r\n\0]", name + value) for name, value in kept)


@pytest.mark.requirement("A12", "177", "77")
@pytest.mark.parametrize(
    ("sent", "given"),
    [
        ([b"public, max-age=600"], b"no-store"),
        ([b"max-age=600"], b"no-store"),
        ([b"private", b"s-maxage=9"], b"no-store"),
        ([b'private="x-a", max-age=9'], b"no-store"),
        ([b"No-Cache, No-Transform"], b"no-store, no-transform"),
        ([b"private, max-age=9"], b"private, max-age=9"),
        ([b"no-cache", b"no-store"], b"no-cache,no-store"),
    ],
)
def test_no_shared_cache_may_keep_an_answer(sent: list[bytes], given: bytes) -> None:
    assert response_headers([(b"cache-control", each) for each in sent]) == [
        (b"Cache-Control", given)
    ]


@pytest.mark.requirement("B5")
@pytest.mark.parametrize("coding", [b"identity", b"IDENTITY", b"none", b"None", b"", b"none, none"])
def test_a_coding_that_changes_nothing_is_not_told(coding: bytes) -> None:
    assert response_headers([(b"Content-Encoding", coding)]) == [NOT_STORED]
