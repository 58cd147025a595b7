import pytest

from gateway.authserver.server import ENDPOINTS, endpoint_url
from tests.support.authorization_server import Site


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://mcp.example", "https://mcp.example/token"),
        ("https://mcp.example/", "https://mcp.example/token"),
        ("https://mcp.example/gw", "https://mcp.example/gw/token"),
    ],
)
def test_endpoints_are_below_the_issuer(issuer: str, url: str) -> None:
    assert endpoint_url(issuer, "/token") == url


async def test_server_names_its_endpoints_by_its_issuer(site: Site) -> None:
    assert [site.server.url(path) for path in ENDPOINTS] == [
        site.issuer + path for path in ENDPOINTS
    ]


def test_endpoints_are_where_clients_guess_them() -> None:
    """MCP 2025-03-26, authorization, fallbacks for servers without metadata."""
    assert {"/authorize", "/token", "/register"} <= set(ENDPOINTS)
    assert len(set(ENDPOINTS)) == len(ENDPOINTS)


@pytest.mark.requirement("143")
async def test_server_tells_no_secret_when_it_is_printed(site: Site) -> None:
    key = bytes(range(32))

    assert repr(key) not in repr(site.server)
    assert key.hex() not in repr(site.server)
