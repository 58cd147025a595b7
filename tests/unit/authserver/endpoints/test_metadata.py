import pytest
from aiohttp import ClientSession

from gateway.oauth.server_metadata import parse_server_metadata
from tests.support.authorization_server import Site

PLACES = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server/mcp",
    "/.well-known/openid-configuration/mcp",
    "/mcp/.well-known/openid-configuration",
]


@pytest.mark.requirement("54", "55", "85", "86", "87", "88")
async def test_every_place_where_clients_look_has_the_same_document(site: Site) -> None:
    async with ClientSession() as session:
        found = []
        for place in PLACES:
            async with session.get(site.issuer + place, allow_redirects=False) as response:
                assert response.status == 200
                assert response.headers["Content-Type"] == "application/json"
                assert response.headers["Access-Control-Allow-Origin"] == "*"
                found.append(await response.json())

    assert all(each == found[0] for each in found)
    assert parse_server_metadata(found[0], site.issuer).issuer == site.issuer


@pytest.mark.requirement("58", "68")
async def test_document_names_endpoints_that_are_there_and_no_catalogue_of_scopes(
    site: Site,
) -> None:
    async with ClientSession() as session:
        async with session.get(site.issuer + PLACES[0]) as response:
            document = await response.json()
        statuses = {}
        for name, url in document.items():
            if name.endswith("_endpoint"):
                async with session.get(url) as response:
                    statuses[name] = response.status

    # 400: asked without parameters; 405: there, for POST only.
    assert statuses == {
        "authorization_endpoint": 400,
        "token_endpoint": 405,
        "registration_endpoint": 405,
        "revocation_endpoint": 405,
        "introspection_endpoint": 405,
    }
    assert document["scopes_supported"] == ["mcp:read"]
    assert document["issuer"] == site.issuer


async def test_keys_are_public(site: Site) -> None:
    async with ClientSession() as session:
        async with session.get(site.issuer + PLACES[0]) as response:
            url = (await response.json())["jwks_uri"]
        async with session.get(url) as response:
            keys = (await response.json())["keys"]

    assert keys
    assert all("d" not in key for key in keys)


async def test_browser_client_may_ask_first(site: Site) -> None:
    """Fetch standard, CORS."""
    async with ClientSession() as session:
        for place in (*PLACES, "/register", "/token", "/revoke"):
            async with session.options(site.issuer + place) as response:
                assert response.status == 204
                assert response.headers["Access-Control-Allow-Origin"] == "*"
                assert "MCP-Protocol-Version" in response.headers["Access-Control-Allow-Headers"]
