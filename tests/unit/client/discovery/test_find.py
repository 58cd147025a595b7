from typing import Any

import pytest

from gateway.client.discovery.find import find_authorization_server, find_resource
from gateway.client.discovery.published import ProtectedResource
from gateway.client.failure import ClientFailure
from gateway.client.web import Web
from tests.support.issuer_service import IssuerService, Scene

OAUTH = "/.well-known/oauth-authorization-server"
OIDC = "/.well-known/openid-configuration"
PKCE = {"code_challenge_methods_supported": ["S256"]}
PRM = "/.well-known/oauth-protected-resource"


async def find(service: IssuerService, *issuers: str, wanted: str | None = None) -> Any:
    async with Web() as web:
        published = ProtectedResource(f"{service.url}/mcp", issuers)
        return await find_authorization_server(web, f"{service.url}/mcp", published, wanted)


@pytest.mark.parametrize(
    "place", [f"{OAUTH}/tenant", f"{OIDC}/tenant", f"/tenant{OIDC}"], ids=["8414", "oidc", "old"]
)
async def test_metadata_is_found_wherever_the_standards_put_it(place: str) -> None:
    async with IssuerService() as service:
        issuer = f"{service.url}/tenant"
        service.scenes[place] = Scene({"issuer": issuer, **PKCE, "jwks_uri": "http://no.example"})
        found = await find(service, issuer)

    assert found.issuer == issuer
    assert all("MCP-Protocol-Version" in asked.headers for asked in service.asked)


async def test_document_that_says_more_about_pkce_counts() -> None:
    async with IssuerService() as service:
        service.scenes[OAUTH] = Scene({"issuer": service.url})
        service.scenes[OIDC] = Scene({"issuer": service.url, **PKCE})
        found = await find(service, service.url)

    assert found.listed("code_challenge_methods_supported") == ("S256",)


async def test_document_without_pkce_is_better_than_none() -> None:
    async with IssuerService() as service:
        service.scenes[OAUTH] = Scene({"issuer": service.url})
        found = await find(service, service.url)

    assert found.listed("code_challenge_methods_supported") is None


@pytest.mark.requirement("64", "85", "88")
async def test_metadata_of_another_issuer_is_not_used() -> None:
    async with IssuerService() as service:
        service.scenes[OAUTH] = Scene({"issuer": f"{service.url}/", **PKCE})
        with pytest.raises(ClientFailure, match="names another issuer"):
            await find(service, service.url)


async def test_issuer_that_answers_is_taken_of_several() -> None:
    async with IssuerService() as service:
        service.scenes[OAUTH] = Scene({"issuer": service.url, **PKCE})
        found = await find(service, "http://elsewhere.example", f"{service.url}/no", service.url)

    assert found.issuer == service.url


async def test_server_that_names_no_issuer_is_its_own() -> None:
    """MCP 2025-03-26."""
    async with IssuerService() as service:
        service.scenes[OAUTH] = Scene({"issuer": f"{service.url}/", **PKCE})
        found = await find(service)

    assert found.issuer == f"{service.url}/"


async def test_issuer_that_the_server_does_not_trust_is_not_asked() -> None:
    async with IssuerService() as service:
        with pytest.raises(ClientFailure, match=r"choose one of: https://idp\.example"):
            await find(service, "https://idp.example", wanted=service.url)

    assert service.asked == []


async def test_no_metadata_at_all_is_told() -> None:
    async with IssuerService() as service:
        with pytest.raises(ClientFailure, match="publishes no metadata"):
            await find(service, service.url)


async def test_resource_document_is_found_at_the_root() -> None:
    async with IssuerService() as service, Web() as web:
        service.scenes[f"{PRM}/mcp"] = Scene(b"<html>not found</html>", 404)
        service.scenes[PRM] = Scene({"resource": service.url})
        found = await find_resource(web, f"{service.url}/mcp", None)

    assert found == ProtectedResource(service.url)


async def test_resource_documents_about_others_are_told() -> None:
    async with IssuerService() as service, Web() as web:
        service.scenes[PRM] = Scene({"resource": "https://other.example/mcp"})
        with pytest.raises(ClientFailure, match=r"it is about https://other\.example"):
            await find_resource(web, f"{service.url}/mcp", None)


async def test_no_resource_document_is_none() -> None:
    async with IssuerService() as service, Web() as web:
        assert await find_resource(web, f"{service.url}/mcp", None) is None
