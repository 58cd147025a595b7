"""What a browser page may do."""

import pytest

from gateway.errors import ForeignOrigin
from gateway.http.cors import PUBLIC_DOCUMENT, check_origin, preflight
from tests.support.heads import head

ORIGINS = frozenset({"https://app.example"})


def test_no_origin_means_no_browser_page() -> None:
    assert check_origin(head(), ORIGINS) == []


@pytest.mark.requirement("26", "179")
@pytest.mark.parametrize(
    "sent",
    [
        ["https://evil.example"],
        ["null"],
        [""],
        ["https://app.example.evil.example"],
        ["HTTPS://app.example"],
        ["https://app.example", "https://app.example"],
    ],
)
def test_a_foreign_origin_is_refused(sent: list[str]) -> None:
    with pytest.raises(ForeignOrigin):
        check_origin(head(headers=[("Origin", value) for value in sent]), ORIGINS)


def test_an_allowed_page_may_read_what_it_needs() -> None:
    allowed = dict(check_origin(head(headers=[("Origin", "https://app.example")]), ORIGINS))

    assert allowed == {
        b"Access-Control-Allow-Origin": b"https://app.example",
        b"Vary": b"Origin",
        b"Access-Control-Expose-Headers": (
            b"WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After, X-Request-Id,"
            b" DPoP-Nonce"
        ),
    }


def test_a_document_for_everybody_may_be_read_by_every_page() -> None:
    assert PUBLIC_DOCUMENT == [(b"Access-Control-Allow-Origin", b"*")]


def test_preflight_grants_what_mcp_clients_send_and_nothing_else() -> None:
    asked = "authorization, mcp-protocol-version, Mcp-Param-Region, x-user-id, bad header"
    request = head(
        "OPTIONS",
        headers=[("Origin", "https://app.example"), ("Access-Control-Request-Headers", asked)],
    )

    reply = preflight(request, check_origin(request, ORIGINS))

    granted = dict(reply.headers)
    assert reply.status == 204
    assert granted[b"Access-Control-Allow-Origin"] == b"https://app.example"
    assert granted[b"Access-Control-Allow-Methods"] == b"GET, POST, DELETE, OPTIONS"
    assert granted[b"Access-Control-Allow-Headers"] == (
        b"authorization, mcp-protocol-version, Mcp-Param-Region"
    )
    assert granted[b"Access-Control-Max-Age"] == b"7200"


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        *((name, name) for name in ("accept", "Content-Type", "DPoP", "last-event-id")),
        *((name, name) for name in ("traceparent", "Authorization", "mcp-session-id")),
        ("  accept ,dpop", "accept, dpop"),
        *((name, "") for name in ("", "cookie", "mcp-", "xaccept", "accepts", "x-mcp-a", ",")),
    ],
)
def test_a_page_is_granted_each_header_that_it_needs(asked: str, granted: str) -> None:
    lines = [("Origin", "https://app.example"), ("Access-Control-Request-Headers", asked)]
    request = head("OPTIONS", headers=lines)

    reply = preflight(request, check_origin(request, ORIGINS))

    assert dict(reply.headers)[b"Access-Control-Allow-Headers"] == granted.encode()


def test_a_page_that_asks_for_no_header_is_granted_none() -> None:
    request = head("OPTIONS", headers=[("Origin", "https://app.example")])

    reply = preflight(request, check_origin(request, ORIGINS))

    assert dict(reply.headers)[b"Access-Control-Allow-Headers"] == b""


def test_options_without_origin_lists_the_methods() -> None:
    reply = preflight(head("OPTIONS"), [])

    assert (reply.status, reply.headers) == (204, [(b"Allow", b"GET, POST, DELETE, OPTIONS")])
