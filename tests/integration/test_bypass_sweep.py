"""No method, path, host or header opens the way to an upstream without a valid token."""

import pytest

from tests.support.rig import Rig, running_rig

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "post", "MCP"]

PATHS = [
    "/mcp",
    "/mcp/",
    "//mcp",
    "/./mcp",
    "/x/../mcp",
    "/MCP",
    "/mcp?access_token=x",
    "/mcp?x=/health",
    "/mcp;/health",
    "/mcp%2f",
    "/%6dcp",
    "/mcp%00",
    "/mcp%20",
    "/mcp.",
    "/mcp\\",
    "/mcp/..%2fmcp",
    "/mcp/health",
    "/health/../mcp",
    "/health/..%2fmcp",
    "/health",
    "/.well-known/oauth-protected-resource/../../mcp",
    "/.well-known/oauth-protected-resource/mcp",
    "/.well-known/oauth-protected-resource/mcp/%2e%2e/mcp",
    "/mcp?mcpgw_endpoint=x",
    "/livez",
    "/readyz",
    "/metrics",
    "/",
    "*",
    "http://127.0.0.1/mcp",
]

HOSTS = [
    "localhost",
    "127.0.0.1",
    "x",
    "127.0.0.1:1",
    "a,b",
    "u@127.0.0.1",
    "127.0.0.1/mcp",
    "[::1]",
]

HEADERS = [
    "User-Agent: kube-probe/1.30",
    "User-Agent: GoogleHC/1.0",
    "X-Forwarded-For: 127.0.0.1",
    "X-Forwarded-Host: localhost",
    "X-Forwarded-Uri: /health",
    "X-Original-URL: /health",
    "X-Rewrite-URL: /health",
    "X-HTTP-Method-Override: OPTIONS",
    "Forwarded: for=127.0.0.1;host=localhost",
    "X-User-Id: root",
    "X_User_Id: root",
    "Mcp-Session-Id: 0",
    "Cookie: session=1",
    "Cookie: access_token=x",
    "Authorization: Basic cm9vdDpyb290",
    "Authorization: Bearer",
    "Authorization: Bearer x",
    "authorization: DPoP x",
    "Proxy-Authorization: Bearer x",
    "Upgrade: websocket\r\nConnection: Upgrade",
    "Connection: Authorization",
    "Origin: null",
    "Access-Control-Request-Method: POST\r\nOrigin: https://example.com",
    "MCP-Protocol-Version: 2024-11-05",
    "Content-Length: 0\r\nContent-Length: 0",
    "Transfer-Encoding: chunked\r\nContent-Length: 0",
]


def mutations(rig: Rig, method: str) -> list[bytes]:
    """Every request of the sweep for one method."""
    by_path = [rig.request(method, path) for path in PATHS]
    by_host = [rig.request(method, "/mcp", host=host) for host in HOSTS]
    lines = [line.encode() + b"\r\n" for line in HEADERS]
    return by_path + by_host + [rig.request(method, "/mcp", headers=line) for line in lines]


@pytest.mark.requirement("12", "19", "25", "176", "H8", "H12", "I11", "I12", "M14", "P1", "P2")
@pytest.mark.parametrize("method", METHODS)
async def test_nothing_reaches_the_upstream_without_a_token(method: str) -> None:
    async with running_rig() as rig:
        for request in mutations(rig, method):
            answer = await rig.send(request)

            assert answer.status != 502, request
            assert not rig.upstream.connections, request
        rig.upstream.assert_untouched()


@pytest.mark.requirement("12", "M14")
async def test_same_upstream_is_reached_with_a_token() -> None:
    """Without this one, a gateway that answers nothing would pass the sweep."""
    async with running_rig() as rig:
        answer = await rig.call()

    assert answer.status == 200
    assert rig.upstream.last.value("X-User-Id") == "ada"


@pytest.mark.requirement("O3", "I12")
@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz", "/-/reload", "/debug"])
async def test_admin_paths_do_not_exist_on_the_public_port(path: str) -> None:
    async with running_rig() as rig:
        answer = await rig.send(rig.request("GET", path))

    assert answer.status == 404
