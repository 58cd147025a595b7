"""Which configured place a request is for."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from gateway.errors import MethodNotAllowed, MisdirectedRequest, NotFound
from gateway.http.head import Head
from gateway.proxy.gate.route import Application, ControlPlane, Route, Routes, authorities
from tests.support.heads import head

ROOT_SERVER = cast(Route, SimpleNamespace(url="https://mcp.example.com/mcp"))
SERVER = cast(Route, SimpleNamespace(url="https://mcp.example.com/mcp"))
READ = frozenset({"GET", "HEAD", "OPTIONS"})
BOTH = Application({"/a": READ, "/b": frozenset({"POST"}), "/c": READ | {"POST"}}, asyncio.Protocol)
PAGES = Application({"/": READ, "/.well-known/x": READ}, asyncio.Protocol)
HEALTH = Application({"/health": READ}, asyncio.Protocol)


async def control() -> ControlPlane:
    return ControlPlane({"mcp.example.com": PAGES}, HEALTH)


ROUTES = Routes({"mcp.example.com": {"/mcp": SERVER, "/": ROOT_SERVER}}, control)


async def place(asked: Head) -> Route | Application:
    """What serves a request."""
    return ROUTES.match(asked) or await ROUTES.find_application(asked)


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
async def test_no_other_path_reaches_it(path: str) -> None:
    with pytest.raises(NotFound):
        await place(head(path=path))


async def test_a_slash_too_many_is_told_the_right_url() -> None:
    with pytest.raises(NotFound, match=r"https://mcp\.example\.com/mcp without"):
        await place(head(path="/mcp/"))


@pytest.mark.requirement("H8")
async def test_a_host_that_is_not_ours_is_misdirected() -> None:
    with pytest.raises(MisdirectedRequest):
        await place(head(authority="evil.example"))


async def test_health_answers_a_probe_whatever_its_host() -> None:
    assert await place(head("GET", "/health", authority="10.0.0.7:8080")) is HEALTH


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
async def test_a_server_at_the_root_shares_it_with_the_information_page(
    method: str, accept: str, is_server: bool
) -> None:
    found = await place(head(method, "/", headers=[("Accept", accept)]))

    assert found is (ROOT_SERVER if is_server else PAGES)


async def test_a_document_is_the_control_planes_at_its_own_host_only() -> None:
    assert await place(head("GET", "/.well-known/x")) is PAGES
    with pytest.raises(MisdirectedRequest):
        await place(head("GET", "/.well-known/x", authority="evil.example"))


@pytest.mark.parametrize("path", ["/.well-known/x", "/health"])
async def test_only_what_the_control_plane_takes_is_handed_to_it(path: str) -> None:
    with pytest.raises(MethodNotAllowed):
        await place(head("POST", path))


async def test_a_host_as_a_whole_is_asked_about_at_the_control_plane() -> None:
    """RFC 9110 §9.3.7."""
    assert await place(head("OPTIONS", "*")) is PAGES


@pytest.mark.parametrize(("path", "method"), [("/a", "HEAD"), ("/b", "POST"), ("/c", "POST")])
def test_what_an_application_takes_goes_there(path: str, method: str) -> None:
    BOTH.check_method(path, method)


@pytest.mark.parametrize(
    ("path", "method", "allow"),
    [
        ("/a", "POST", "GET, HEAD, OPTIONS"),
        ("/b", "GET", "POST"),
        ("/b", "CONNECT", "POST"),
        ("/c", "DELETE", "GET, HEAD, OPTIONS, POST"),
    ],
)
def test_another_method_is_told_which_there_are(path: str, method: str, allow: str) -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        BOTH.check_method(path, method)

    assert refused.value.allow == allow
