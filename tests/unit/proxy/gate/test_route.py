"""Which configured place a request is for."""

from types import SimpleNamespace
from typing import cast

import pytest

from gateway.errors import MisdirectedRequest, NotFound
from gateway.proxy.documents import fixed_document
from gateway.proxy.gate.route import Route, Routes, Site, authorities
from tests.support.heads import head

ROOT_SERVER = cast(Route, SimpleNamespace(url="https://mcp.example.com/mcp"))
SERVER = cast(Route, SimpleNamespace(url="https://mcp.example.com/mcp"))
PAGE = fixed_document({"page": True})
HEALTH = fixed_document({"status": "ok"})
SITE = Site({"/mcp": SERVER, "/": ROOT_SERVER}, {"/": PAGE, "/.well-known/x": PAGE})
ROUTES = Routes({"mcp.example.com": SITE}, {"/health": HEALTH})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", ("a.example", "a.example:443")),
        ("http://a.example", ("a.example", "a.example:80")),
        ("https://a.example:8443", ("a.example:8443",)),
        ("http://[::1]:8080", ("[::1]:8080",)),
    ],
)
def test_a_public_url_is_reached_with_and_without_its_default_port(
    url: str, expected: tuple[str, ...]
) -> None:
    assert authorities(url) == expected


def test_a_server_is_found_by_its_exact_path() -> None:
    assert ROUTES.match(head(path="/mcp")) is SERVER


@pytest.mark.requirement("P4", "83")
@pytest.mark.parametrize("path", ["/mcp-admin", "/mcp/x", "/MCP", "/mc", "/x/"])
def test_no_other_path_reaches_it(path: str) -> None:
    with pytest.raises(NotFound):
        ROUTES.match(head(path=path))


def test_a_slash_too_many_is_told_the_right_url() -> None:
    with pytest.raises(NotFound, match=r"https://mcp\.example\.com/mcp without"):
        ROUTES.match(head(path="/mcp/"))


@pytest.mark.requirement("H8")
def test_a_host_that_is_not_ours_is_misdirected() -> None:
    with pytest.raises(MisdirectedRequest):
        ROUTES.match(head(authority="evil.example"))


def test_health_answers_a_probe_whatever_its_host() -> None:
    assert ROUTES.match(head("GET", "/health", authority="10.0.0.7:8080")) is HEALTH


@pytest.mark.parametrize(
    ("method", "accept", "is_server"),
    [
        ("POST", "application/json", True),
        ("GET", "text/event-stream", True),
        ("DELETE", "", True),
        ("GET", "text/html", False),
        ("HEAD", "", False),
    ],
)
def test_a_server_at_the_root_shares_it_with_the_information_page(
    method: str, accept: str, is_server: bool
) -> None:
    found = ROUTES.match(head(method, "/", headers=[("Accept", accept)]))

    assert found is (ROOT_SERVER if is_server else PAGE)
