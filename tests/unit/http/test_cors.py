"""What a browser page may do."""

import pytest

from gateway.errors import ForeignOrigin
from gateway.http.cors import check_origin, preflight
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

    assert allowed[b"Access-Control-Allow-Origin"] == b"https://app.example"
    assert allowed[b"Vary"] == b"Origin"
    for name in (b"WWW-Authenticate", b"Mcp-Session-Id", b"MCP-Protocol-Version"):
        assert name in allowed[b"Access-Control-Expose-Headers"]


def test_preflight_grants_what_mcp_clients_send_and_nothing_else() -> None:
    asked = "authorization, mcp-protocol-version, Mcp-Param-Region, x-user-id, bad header"
    request = head(
        "OPTIONS",
        headers=[("Origin", "https://app.example"), ("Access-Control-Request-Headers", asked)],
    )

    reply = preflight(request, check_origin(request, ORIGINS))

    granted = dict(reply.headers)[b"Access-Control-Allow-Headers"]
    assert reply.status == 204
    assert granted == b"authorization, mcp-protocol-version, Mcp-Param-Region"


def test_options_without_origin_lists_the_methods() -> None:
    reply = preflight(head("OPTIONS"), [])

    assert dict(reply.headers)[b"Allow"] == b"GET, POST, DELETE, OPTIONS"
