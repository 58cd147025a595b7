import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.model import IDENTITY_HEADERS, Forward, Upstream
from gateway.errors import InvalidRequest, LoopDetected
from gateway.http.field_names import fold
from gateway.http.message_head import NO_LINES, Field, Lines, end_head
from gateway.identity.principal import Principal
from gateway.proxy.outgoing.request_head import (
    HeaderPolicy,
    Hop,
    begin_request_head,
    has_own_via,
    identity_of,
)

UPSTREAM = Upstream(url="http://127.0.0.1:9000/mcp")
POLICY = HeaderPolicy(Forward(), UPSTREAM, "127.0.0.1:9000")
HOP = Hop("192.0.2.7", "https", "mcp.example.com")
OWN = [(b"X-Request-Id", b"request-1"), (b"Content-Length", b"2")]
ADA = Principal("https://idp.example", "ada")
ADA_LINES = identity_of(ADA, POLICY).lines
IDENTITY_NAMES = frozenset(fold(name.encode()) for name in IDENTITY_HEADERS)


def forwarded(
    received: Sequence[Field], *, policy: HeaderPolicy = POLICY, identity: Lines = ADA_LINES
) -> list[Field]:
    """The headers of the request that goes upstream."""
    opening = begin_request_head("POST", b"/mcp?a=b", received, identity, policy, HOP)
    head = end_head(opening, OWN)
    request_line, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert request_line == b"POST /mcp?a=b HTTP/1.1"
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]


def spellings(name: str) -> st.SearchStrategy[bytes]:
    """Every mix of case and separators of a header name."""
    letters = [
        st.sampled_from("-_.~") if char == "-" else st.sampled_from((char.lower(), char.upper()))
        for char in name
    ]
    return st.tuples(*letters).map(lambda chars: "".join(chars).encode())


VALUES = st.binary(max_size=20).filter(lambda value: not re.search(rb"[\0-\x08\n-\x1f\x7f]", value))
ORDINARY = st.tuples(st.sampled_from([b"Accept", b"X-Custom", b"User-Agent", b"Via"]), VALUES)
FORGED = st.tuples(st.sampled_from(sorted(IDENTITY_HEADERS)).flatmap(spellings), VALUES)


@pytest.mark.requirement("I1", "I2", "I3", "I4")
@given(st.lists(st.one_of(ORDINARY, FORGED), max_size=8))
def test_no_identity_header_of_the_caller_survives(received: list[Field]) -> None:
    sent = forwarded(received)

    told = [(name, value) for name, value in sent if fold(name) in IDENTITY_NAMES]
    assert told == [(b"X-User-Id", b"ada"), (b"X-User-Issuer", b"https://idp.example")]


@pytest.mark.requirement("I11")
@given(st.lists(FORGED, min_size=1, max_size=4))
def test_public_route_strips_identity_headers_too(received: list[Field]) -> None:
    sent = forwarded(received, identity=identity_of(None, POLICY).lines)

    assert not [name for name, _ in sent if fold(name) in IDENTITY_NAMES]


@pytest.mark.requirement("168", "I7", "I8")
@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=20)), max_size=5))
def test_no_bytes_of_a_header_make_another_line(received: list[Field]) -> None:
    baseline = len(forwarded([]))
    try:
        sent = forwarded(received)
    except InvalidRequest:
        return

    assert len(sent) <= baseline + len(received)
    assert not any(re.search(rb"[\r\n\0]", name + value) for name, value in sent)


@pytest.mark.requirement("168")
@pytest.mark.parametrize(
    "value", [b"a\r\nX-User-Id: root", b"a\nb", b"a\rb", b"a\0b", b"\r\n", b"\x1b[2J", b"\x7f"]
)
def test_line_breaks_in_a_value_are_refused(value: bytes) -> None:
    with pytest.raises(InvalidRequest):
        forwarded([(b"X-Custom", value)])


@pytest.mark.requirement("I7")
@pytest.mark.parametrize("name", [b"X-User-Id ", b" X-User-Id", b"X User", b"", b"X:Y"])
def test_malformed_names_are_refused(name: bytes) -> None:
    with pytest.raises(InvalidRequest):
        forwarded([(name, b"root")])


@pytest.mark.requirement("158", "159")
def test_hop_by_hop_headers_and_those_that_connection_names_are_dropped() -> None:
    sent = forwarded(
        [
            (b"Connection", b"keep-alive, X-Hop, TE"),
            (b"x-hop", b"1"),
            (b"X_Hop", b"1"),
            (b"Keep-Alive", b"timeout=5"),
            (b"TE", b"trailers"),
            (b"Trailer", b"X"),
            (b"Transfer-Encoding", b"chunked"),
            (b"Upgrade", b"h2c"),
            (b"Proxy-Connection", b"keep-alive"),
            (b"X-Stays", b"1"),
        ]
    )

    received = {name for name, _ in sent} - {name for name, _ in forwarded([])}
    assert received == {b"X-Stays"}


@pytest.mark.requirement("158", "H9", "I6")
@pytest.mark.parametrize(
    "named",
    [
        b"X-User-Id",
        b"close, x_user.id",
        b"Authorization",
        b"Mcp-Session-Id",
        b"Mcp-Param-Region",
        b"Host",
        b"Content-Type",
        b"Content_Length",
        b"Origin",
        b"Cookie",
        b"X-Forwarded-For",
        b"Via",
        b"bad token",
    ],
)
def test_connection_that_names_a_security_header_is_refused(named: bytes) -> None:
    with pytest.raises(InvalidRequest):
        forwarded([(b"Connection", named)])


@pytest.mark.parametrize("value", [b"close", b"Keep-Alive", b"", b", close ,", b"close, TE"])
def test_usual_connection_options_are_accepted(value: bytes) -> None:
    assert forwarded([(b"Connection", value)]) == forwarded([])


@pytest.mark.requirement("10", "11", "H8")
@pytest.mark.parametrize(
    "name",
    [
        b"Authorization",
        b"Proxy-Authorization",
        b"Proxy_Authorization",
        b"DPoP",
        b"Cookie",
        b"Host",
        b"Origin",
        b"Forwarded",
        b"X-Forwarded-For",
        b"X_Forwarded_Host",
        b"X-Real-IP",
        b"X-Original-URL",
        b"X-Rewrite-URL",
        b"Expect",
        b"Content-Length",
        b"X-Gateway-Admin",
        b"Mcp_Session_Id",
        b"Mcp-Session-Id",
        b"Content.Type",
    ],
)
def test_headers_that_end_at_the_gateway_are_dropped(name: bytes) -> None:
    assert forwarded([(name, b"secret")]) == forwarded([])


@pytest.mark.requirement("A12")
@pytest.mark.parametrize(
    "name",
    [
        b"Proxy",
        b"X-HTTP-Method-Override",
        b"X_Method_Override",
        b"X-Remote-User",
        b"Remote-User",
        b"Remote_Groups",
        b"True-Client-IP",
        b"CF-Connecting-IP",
        b"X-Auth-Request-Email",
        b"X-Authenticated-Userid",
        b"X-WebAuth-User",
        b"X-Goog-IAP-JWT-Assertion",
        b"X-Amzn-Oidc-Identity",
        b"X-MS-Client-Principal-Name",
        b"Cf-Access-Jwt-Assertion",
        b"Tailscale-User-Login",
        b"OIDC_CLAIM_sub",
        b"Impersonate-User",
        b"Client-Cert",
        b"X-SSL-Client-Verify",
        b"X-Envoy-Original-Path",
    ],
)
def test_what_another_proxy_would_say_of_the_caller_is_dropped(name: bytes) -> None:
    policy = HeaderPolicy(Forward(identity_headers={"X-Who": "subject"}), UPSTREAM, "x")
    who = identity_of(ADA, policy).lines

    assert forwarded([(name, b"root")]) == forwarded([])
    assert forwarded([(b"X-User-Id", b"root")], policy=policy, identity=who) == forwarded(
        [], policy=policy, identity=who
    )


@pytest.mark.requirement("A12")
def test_an_identity_header_may_have_the_name_that_a_server_knows() -> None:
    policy = HeaderPolicy(Forward(identity_headers={"X-Remote-User": "subject"}), UPSTREAM, "x")

    sent = forwarded(
        [(b"X_Remote_User", b"root")], policy=policy, identity=identity_of(ADA, policy).lines
    )

    assert [value for name, value in sent if fold(name) == b"x-remote-user"] == [b"ada"]


@pytest.mark.requirement("34")
@pytest.mark.parametrize(
    "name",
    [
        b"Mcp-Param-Region",
        b"mcp-param-user_id",
        b"MCP-Protocol-Version",
        b"Accept",
        b"Content-Type",
        b"Traceparent",
        b"Last-Event-ID",
        b"X_Custom",
    ],
)
def test_other_headers_pass_unchanged(name: bytes) -> None:
    assert (name, b"v\xe9 ,") in forwarded([(name, b"v\xe9 ,")])


def test_gateway_says_for_whom_and_how_long() -> None:
    sent = dict(forwarded([]))

    assert sent[b"Host"] == b"127.0.0.1:9000"
    assert sent[b"Accept-Encoding"] == b"identity"
    assert sent[b"X-Forwarded-For"] == b"192.0.2.7"
    assert sent[b"X-Forwarded-Proto"] == b"https"
    assert sent[b"X-Forwarded-Host"] == b"mcp.example.com"
    assert sent[b"X-Request-Id"] == b"request-1"
    assert sent[b"Content-Length"] == b"2"


def test_request_without_a_body_has_no_length() -> None:
    head = begin_request_head("GET", b"/mcp", [], NO_LINES, POLICY, HOP)

    assert b"Content-Length" not in bytes(head)


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", b"/a b"), ("POST", b"/a\r\nX: y"), ("POST", b"http://x/"), ("TRACE", b"/")],
)
def test_malformed_request_line_is_refused(method: str, target: bytes) -> None:
    with pytest.raises(InvalidRequest):
        begin_request_head(method, target, [], NO_LINES, POLICY, HOP)


def test_host_and_origin_follow_the_configuration() -> None:
    upstream = UPSTREAM.model_copy(update={"host": "public.example", "forward_origin": True})
    policy = HeaderPolicy(Forward(), upstream, "127.0.0.1:9000")

    sent = forwarded([(b"Origin", b"https://app.example")], policy=policy)

    assert (b"Host", b"public.example") in sent
    assert (b"Origin", b"https://app.example") in sent


@pytest.mark.requirement("160")
def test_via_is_appended() -> None:
    sent = forwarded([(b"Via", b"1.0 fred"), (b"via", b"1.1 p.example (x)")])

    assert [value for name, value in sent if name == b"Via"] == [
        b"1.0 fred, 1.1 p.example (x), 1.1 mcpgw"
    ]


@pytest.mark.requirement("160")
def test_request_that_passed_here_before_is_refused() -> None:
    with pytest.raises(LoopDetected):
        forwarded([(b"Via", b"1.1 other, 1.1 MCPGW")])


@pytest.mark.requirement("160")
@pytest.mark.parametrize(
    ("value", "own"),
    [
        (b"1.1 mcpgw", True),
        (b"HTTP/1.1 mcpgw (x)", True),
        (b"1.1 mcpgw2", False),
        (b"mcpgw", False),
    ],
)
def test_own_pseudonym_is_recognized(value: bytes, own: bool) -> None:
    assert has_own_via([value], b"mcpgw") is own


@pytest.mark.parametrize("name", ["Host", "Content_Length", "Mcp-Session-Id", "Connection"])
def test_identity_header_with_a_name_that_has_a_meaning_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        HeaderPolicy(Forward(identity_headers={name: "subject"}), UPSTREAM, "x")


def test_required_header_must_be_an_identity_header() -> None:
    with pytest.raises(ValueError, match="x-tenant"):
        HeaderPolicy(Forward(required=frozenset({"X-Tenant"})), UPSTREAM, "x")


def test_callers_cannot_make_the_memory_of_names_grow() -> None:
    policy = HeaderPolicy(Forward(), UPSTREAM, "x")

    for number in range(3000):
        forwarded([(b"X-%d" % number, b"")], policy=policy)

    assert len(policy.uses) <= 1024
